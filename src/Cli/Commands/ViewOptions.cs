using System.CommandLine;
using System.ComponentModel;
using System.Diagnostics;
using Sagan.Native.Commands.Console;
using Sagan.Native.Watching;

namespace Sagan.Native.Commands;

/// <summary>How a run is shown in the browser. Port 0: one that is free.</summary>
sealed record ViewRequest(int Port, bool Open);

/// <summary>The options of commands that show runs in the browser.</summary>
sealed class ViewOptions
{
    readonly Option<bool>? view;
    readonly Option<int?> port = new("--port")
    {
        Description = "Where the page listens, on this machine alone; without it a port that is free.",
        HelpName = "number",
    };
    readonly Option<bool> open = new("--open") { Description = "Open the page in the browser." };

    /// <param name="command">Gets them.</param>
    /// <param name="isOptional">Whether it shows nothing without <c>--view</c>.</param>
    public ViewOptions(Command command, bool isOptional)
    {
        if (isOptional)
            command.Add(view = new Option<bool>("--view") { Description = "Show the run in the browser while it trains." });
        command.Add(port);
        command.Add(open);
    }

    /// <summary>What they say; null where nothing is to be shown.</summary>
    public ViewRequest? Read(ParseResult parsed)
    {
        int? number = parsed.GetValue(port);
        bool opened = parsed.GetValue(open);
        if (number is < 1 or > 65535) throw new UsageException($"{port.Name} {number}: must be 1 to 65535.");
        if (view == null || parsed.GetValue(view))
        {
            if (number is { } fixedPort) LoopbackPort.CheckIsFree(fixedPort);
            return new ViewRequest(number ?? 0, opened);
        }
        if (number == null && !opened) return null;
        string given = number == null ? open.Name : $"{port.Name} {number}";
        throw new UsageException($"{given}: is of the page that shows the run; add --view.");
    }

    /// <summary>Shows runs until it is disposed of. Nothing of the server is loaded before.</summary>
    public static (IDisposable Server, string Address) Show(ViewRequest request, IReadOnlyList<string> runs, CommandContext context)
    {
        ViewServer server = new(runs, request.Port);
        if (request.Open && !OpenBrowser(server.Address))
            context.Terminal.Warning("--open: no browser could be started; open the address by hand.");
        return (server, server.Address);
    }

    static bool OpenBrowser(string address)
    {
        try
        {
            using Process? browser = Process.Start(new ProcessStartInfo(address) { UseShellExecute = true });
            return true;
        }
        catch (Exception e) when (e is Win32Exception or InvalidOperationException or PlatformNotSupportedException)
        {
            return false;
        }
    }
}
