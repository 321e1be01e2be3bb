// Tests measure live memory and set the thread count, which are global; the kernels use all cores by themselves.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
