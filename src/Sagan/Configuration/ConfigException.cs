namespace Sagan.Native.Configuration;

/// <summary>A configuration is wrong: one line for each problem, naming the value, where it came from, the rule and the way out.</summary>
public sealed class ConfigException(string message, Exception? inner = null) : UsageException(message, inner);
