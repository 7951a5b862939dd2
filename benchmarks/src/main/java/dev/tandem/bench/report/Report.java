package dev.tandem.bench.report;

import dev.tandem.bench.BadInputException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/// Everything one run found out.
///
/// @param provenance program, machine and virtual machine
/// @param machines ceilings on one thread and on all that compute, the latter last
/// @param measurements in the order of their run
/// @param starts of processes
/// @param peers what other libraries did beside
/// @param failures why benchmarks gave no result, by name
public record Report(
        Map<String, String> provenance,
        List<Machine> machines,
        List<Measurement> measurements,
        List<StartUp> starts,
        PeerReport peers,
        Map<String, String> failures) {
    /// Keeps copies.
    public Report {
        machines = List.copyOf(machines);
        measurements = List.copyOf(measurements);
        starts = List.copyOf(starts);
    }

    /// Reads a report that an earlier run has written.
    ///
    /// @throws dev.tandem.bench.BadInputException if the file holds none
    public static Report read(Path file) {
        Json json = Json.read(file);
        if (!(json.value() instanceof Map<?, ?> fields && fields.containsKey("measurements"))) {
            throw new BadInputException(
                    file.toString(), "it holds no report", "Give a bench.json that 'tandem bench' has written");
        }
        return new Report(
                json.field("provenance").strings(),
                json.field("machine").elements().stream().map(Machine::of).toList(),
                json.field("measurements").elements().stream()
                        .map(Measurement::of)
                        .toList(),
                StartUp.allOf(json.field("starts")),
                PeerReport.of(json.field("libraries")),
                json.field("failures").strings());
    }

    String json() {
        var json = new LinkedHashMap<String, Object>();
        json.put("provenance", provenance);
        json.put("machine", machines.stream().map(Machine::json).toList());
        json.put("measurements", measurements.stream().map(Measurement::json).toList());
        json.put("starts", starts.stream().map(StartUp::json).toList());
        json.put("libraries", peers.json());
        json.put("failures", failures);
        return Json.write(json);
    }

    /// Measurements by what identifies them between reports.
    Map<String, Measurement> byIdentity() {
        return by(measurement -> measurement.name() + " " + measurement.parameters(), measurements);
    }

    /// Starts by what identifies them between reports.
    Map<String, StartUp> startsByIdentity() {
        return by(StartUp::identity, starts);
    }

    /// Answers of other libraries by what identifies them between reports.
    Map<String, PeerResult> peersByIdentity() {
        return by(PeerResult::identity, peers.libraries());
    }

    /// What several threads bring Tandem, by what identifies it between reports.
    Map<String, PeerResult> scalingByIdentity() {
        return by(PeerResult::identity, peers.scaling());
    }

    private static <T> Map<String, T> by(Function<T, String> identity, List<T> all) {
        return all.stream().collect(Collectors.toMap(identity, one -> one, (_, later) -> later, LinkedHashMap::new));
    }
}
