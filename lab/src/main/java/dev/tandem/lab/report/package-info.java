/// Results as JSON, Markdown, JSON lines and plots.
@NullMarked
package dev.tandem.lab.report;

import org.jspecify.annotations.NullMarked;
