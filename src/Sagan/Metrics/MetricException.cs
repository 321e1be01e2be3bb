namespace Sagan.Native.Metrics;

/// <summary>A metric has no value for these images: too few of them, or features that are not finite.</summary>
public sealed class MetricException : SaganException
{
    public MetricException() { }

    public MetricException(string message) : base(message) { }

    public MetricException(string message, Exception? inner) : base(message, inner) { }
}
