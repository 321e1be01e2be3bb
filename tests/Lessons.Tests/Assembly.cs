// Tests measure live memory and set the thread count, which are global; the kernels use all cores by themselves.
[assembly: Xunit.v3.Parallelization(Mode = Xunit.Sdk.ParallelMode.None)]
