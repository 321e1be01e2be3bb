using System.Net;
using System.Net.Sockets;

namespace Sagan.Native.Watching;

/// <summary>Ports of the loopback address.</summary>
static class LoopbackPort
{
    /// <summary>
    /// Throws <see cref="UsageException"/> where nobody can listen on a port: before a run is made that is to be shown there.
    /// </summary>
    public static void CheckIsFree(int port)
    {
        try
        {
            using TcpListener listener = new(IPAddress.Loopback, port);
            listener.Start();
        }
        catch (SocketException e)
        {
            throw Refused(port, e);
        }
    }

    /// <summary>Why not, and the way out.</summary>
    public static UsageException Refused(int port, Exception e)
    {
        Exception cause = e;
        while (cause is not SocketException && cause.InnerException is { } inner) cause = inner;
        string why = (cause as SocketException)?.SocketErrorCode == SocketError.AddressAlreadyInUse ? "is in use by another program"
            : $"cannot be listened on ({e.Message})";
        return new UsageException($"--port {port}: {why}; name another, or leave it out for one that is free.", e);
    }
}
