namespace Sagan.Native.Kernels;

/// <summary>x [N,H,W,C], windows Kernel x Kernel every Stride pixels, Padding pixels of minus infinity around; y [N,OutH,OutW,C].</summary>
readonly record struct MaxPool2dSpec(int N, int H, int W, int C, int Kernel, int Stride, int Padding, int OutH, int OutW);
