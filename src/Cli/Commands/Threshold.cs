using System.Globalization;
using Sagan.Native.Configuration;
using Sagan.Native.Metrics;

namespace Sagan.Native.Commands;

/// <summary>A value that a metric must not pass.</summary>
/// <param name="Option">The option it came from.</param>
/// <param name="Metric">The metric's id.</param>
/// <param name="Value">The limit; itself allowed.</param>
/// <param name="Below">True: smaller values fail, else larger ones.</param>
sealed record Threshold(string Option, string Metric, double Value, bool Below)
{
    /// <summary>From <c>metric=value</c>.</summary>
    public static Threshold Parse(string option, string text, bool below)
    {
        string[] parts = text.Split('=');
        if (parts.Length != 2 || !double.TryParse(parts[1], NumberStyles.Float, CultureInfo.InvariantCulture, out double value)
            || !double.IsFinite(value))
            throw new UsageException($"{option} {text}: must be metric=value, such as fid=30.");
        if (!Evaluation.Numbers.Contains(parts[0]))
        {
            string suggestion = NearestName.Suggestion(parts[0], Evaluation.Numbers);
            throw new UsageException($"{option} {text}: '{parts[0]}' is none of {string.Join(", ", Evaluation.Numbers)}.{suggestion}");
        }
        return new Threshold(option, parts[0], value, below);
    }

    /// <summary>Throws <see cref="CheckFailedException"/> where the metric's number passes the limit or is not a number.</summary>
    public void Check(IEnumerable<(string Id, string Name, double Value)> numbers)
    {
        foreach ((_, string name, double value) in numbers.Where(n => n.Id == Metric))
            if (!(Below ? value >= Value : value <= Value))
                throw new CheckFailedException(string.Create(CultureInfo.InvariantCulture,
                    $"{name} is {value:G6}, {(Below ? "below" : "above")} the limit of {Value:G6} ({this})."));
    }

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Option} {Metric}={Value}");
}
