package dev.tandem.lab.training;

import java.util.List;

/// Closes what was opened, the latest first.
final class Closing {
    private Closing() {}

    static void all(List<? extends AutoCloseable> opened) {
        for (int i = opened.size() - 1; i >= 0; i--) {
            try {
                opened.get(i).close();
            } catch (RuntimeException e) {
                throw e;
            } catch (Exception e) {
                throw new IllegalStateException("closing failed", e);
            }
        }
    }
}
