package dev.tandem.cuda;

/// Arguments of `product_bf16.cu`.
final class Bf16Arguments {
    private Bf16Arguments() {}

    record Product(
            DeviceAddress y,
            DeviceAddress saved,
            DeviceAddress x,
            DeviceAddress weight,
            DeviceAddress bias,
            DeviceAddress plan,
            DeviceAddress choiceOf,
            DeviceAddress complaint,
            int N,
            int columns,
            int depth,
            int K,
            int choices,
            int form) {}

    record Weight(
            DeviceAddress dWeight,
            DeviceAddress dBias,
            DeviceAddress dy,
            DeviceAddress x,
            DeviceAddress starts,
            DeviceAddress counts,
            DeviceAddress choiceOf,
            DeviceAddress complaint,
            int N,
            int out,
            int in,
            int K,
            int choices) {}
}
