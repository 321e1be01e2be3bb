namespace Sagan.Native.Tests;

/// <summary>The pool counts tensors that wait for the collector as alive: a test that compares two counts collects what earlier tests
/// left first, or they die between the two.</summary>
static class Garbage
{
    public static void Collect()
    {
        for (int i = 0; i < 3; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
    }
}
