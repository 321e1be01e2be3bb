using System.Globalization;
using Sagan.Native.Commands;

// Numbers look the same everywhere, whatever the language of the machine.
CultureInfo.DefaultThreadCurrentCulture = CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
return SaganCommandLine.Run(args, Console.Out, Console.Error);
