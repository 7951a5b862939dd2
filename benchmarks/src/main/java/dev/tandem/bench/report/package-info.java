/// What was measured, as JSON, Markdown and plots, and what moved between two reports.
@NullMarked
package dev.tandem.bench.report;

import org.jspecify.annotations.NullMarked;
