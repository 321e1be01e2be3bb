namespace Sagan.Native.Configuration;

/// <summary>A configuration is wrong: one line for each problem, naming the value, where it came from, the rule and the way out.</summary>
public sealed class ConfigException : UsageException
{
    public ConfigException() { }

    public ConfigException(string message) : base(message) { }

    public ConfigException(string message, Exception? inner) : base(message, inner) { }
}
