namespace Sagan.Native.Interchange;

/// <summary>Values that are NaN or infinite, in words.</summary>
static class NonFinite
{
    /// <summary>For example <c>3 values of 2048 that are NaN or infinite</c>; null where all are finite.</summary>
    public static string? In(ReadOnlySpan<float> values)
    {
        int count = 0;
        foreach (float v in values)
            if (!float.IsFinite(v)) count++;
        return count == 0 ? null : $"{count} {(count == 1 ? "value" : "values")} of {values.Length} that {(count == 1 ? "is" : "are")} NaN "
            + "or infinite";
    }
}
