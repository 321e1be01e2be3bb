namespace Sagan.Native.Metrics;

/// <summary>A metric has no value for these images: too few of them, or features that are not finite.</summary>
public sealed class MetricException(string message, Exception? inner = null) : SaganException(message, inner);
