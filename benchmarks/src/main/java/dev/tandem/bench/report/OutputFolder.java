package dev.tandem.bench.report;

import dev.tandem.bench.BadInputException;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import javax.imageio.ImageIO;
import javax.imageio.stream.MemoryCacheImageOutputStream;
import org.knowm.xchart.BitmapEncoder;

/// The folder that receives a report. It is tried before anything is measured, so that no minutes
/// are spent on results that cannot be kept.
public final class OutputFolder {
    private static final String JSON = "bench.json";
    private static final String MARKDOWN = "bench.md";
    private final Path path;

    private OutputFolder(Path path) {
        this.path = path;
    }

    /// Creates the folder if need be, and makes sure that files can be written to it.
    ///
    /// @throws BadInputException if they cannot
    public static OutputFolder prepare(Path path) {
        if (path.toString().isEmpty()) {
            throw new BadInputException(
                    "output folder", "its name is empty", "Give another folder with --out DIR, or . for this folder");
        }
        try {
            Files.createDirectories(path);
            probe(path);
        } catch (IOException e) {
            throw new BadInputException(
                    "output folder " + path,
                    "nothing can be written there (" + reason(e) + ")",
                    "Give another folder with --out DIR",
                    e);
        }
        return new OutputFolder(path);
    }

    private static void probe(Path path) throws IOException {
        Path probe = Files.createTempFile(path, ".probe", null);
        try {
            Files.write(probe, new byte[1 << 16]);
        } finally {
            Files.delete(probe);
        }
    }

    private static String reason(IOException e) {
        return switch (e) {
            case AccessDeniedException _ -> "permission denied";
            case FileAlreadyExistsException _ -> "a file of that name is in the way";
            case NoSuchFileException _ -> "the system lets no file or folder be made there";
            case FileSystemException refused ->
                refused.getReason() == null ? "the system gives no reason" : refused.getReason();
            default -> String.valueOf(e.getMessage());
        };
    }

    /// Writes `bench.json`, `bench.md` and the plots.
    ///
    /// @return the files written
    public List<Path> write(Report report) throws IOException {
        var plots = plots(report);
        var written = new ArrayList<Path>();
        written.add(moved(Files.writeString(part(JSON), report.json()), JSON));
        written.add(moved(Files.writeString(part(MARKDOWN), Markdown.of(report, plots.keySet())), MARKDOWN));
        for (var plot : plots.entrySet()) {
            Path part = part(plot.getKey());
            // not cached in a file, which ImageIO would delete by a hook that an ending process refuses
            try (var file = Files.newOutputStream(part);
                    var out = new MemoryCacheImageOutputStream(file)) {
                ImageIO.write(plot.getValue(), "png", out);
            }
            written.add(moved(part, plot.getKey()));
        }
        return written;
    }

    private static Map<String, BufferedImage> plots(Report report) {
        var plots = new LinkedHashMap<String, BufferedImage>();
        PeerCharts.of(report.peers())
                .forEach((name, chart) -> plots.put(name + ".png", BitmapEncoder.getBufferedImage(chart)));
        if (report.measurements().isEmpty()) {
            return plots;
        }
        var charts = new Charts(report);
        var machine = report.machines().getLast();
        plots.put("roofline.png", BitmapEncoder.getBufferedImage(Roofline.of(machine, report.measurements())));
        charts.shares().ifPresent(chart -> plots.put("attainable.png", BitmapEncoder.getBufferedImage(chart)));
        charts.tokens().ifPresent(chart -> plots.put("tokens.png", BitmapEncoder.getBufferedImage(chart)));
        charts.width().ifPresent(chart -> plots.put("width.png", BitmapEncoder.getBufferedImage(chart)));
        charts.experts().ifPresent(chart -> plots.put("experts.png", BitmapEncoder.getBufferedImage(chart)));
        RoutingChart.of(report.measurements())
                .ifPresent(chart -> plots.put("routing.png", BitmapEncoder.getBufferedImage(chart)));
        charts.load().ifPresent(chart -> plots.put("load.png", BitmapEncoder.getBufferedImage(chart)));
        charts.scaling().ifPresent(chart -> plots.put("scaling.png", BitmapEncoder.getBufferedImage(chart)));
        return plots;
    }

    private Path part(String name) {
        return path.resolve("." + name + ".part");
    }

    private Path moved(Path part, String name) throws IOException {
        return Files.move(part, path.resolve(name), StandardCopyOption.REPLACE_EXISTING);
    }
}
