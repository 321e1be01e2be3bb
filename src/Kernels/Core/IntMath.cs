namespace Sagan.Native.Kernels;

/// <summary>What sizes are cut with.</summary>
static class IntMath
{
    /// <summary>a / b rounded up, for a &gt;= 0 and b &gt; 0, without overflow.</summary>
    public static int CeilDiv(int a, int b) => (int)(((long)a + b - 1) / b);
}
