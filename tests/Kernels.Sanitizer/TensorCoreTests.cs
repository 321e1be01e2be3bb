namespace Sagan.Native.Tests.Sanitizer;

/// <summary>Products on an emulation of tensor cores.</summary>
public sealed class TensorCoreTests : GpuTensorCoreProducts;
