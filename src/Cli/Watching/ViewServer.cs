using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Sagan.Native.Pages;

namespace Sagan.Native.Watching;

/// <summary>
/// Shows runs to a browser of this machine: the page <c>run</c>, the pictures of the runs, and a stream of what is new. It listens on the
/// loopback address alone, answers nobody who does not know the random word in its address, changes nothing, and reads what the runs write
/// down, so that a run knows nothing of it. Maps of attention are computed from a checkpoint when a reader asks for them.
/// </summary>
/// <remarks>
/// Kestrel alone, without a host: no configuration file, variable or signal has a say in it, and nothing is logged.
/// </remarks>
sealed class ViewServer : IDisposable, IHttpApplication<HttpContext>
{
    // A browser has up to six connections to a page; streams stay open.
    const int MostConnections = 64, MostStreams = 16;
    static readonly TimeSpan Goodbye = TimeSpan.FromSeconds(2);

    readonly KestrelServer server;
    readonly IReadOnlyList<WatchedRun> runs;
    readonly TimeSpan interval;
    readonly CancellationTokenSource stop = new();
    readonly string token = RandomNumberGenerator.GetHexString(32, lowercase: true);
    readonly byte[] page;
    readonly string[] hosts;
    int streams;

    /// <summary>Begins to listen.</summary>
    /// <param name="folders">Of the runs.</param>
    /// <param name="port">0: one that is free.</param>
    /// <param name="interval">Between two looks at the runs; null: two seconds.</param>
    /// <exception cref="RunFileException">A folder is no run's.</exception>
    /// <exception cref="UsageException">The port is taken, or not for everybody.</exception>
    public ViewServer(IReadOnlyList<string> folders, int port = 0, TimeSpan? interval = null)
    {
        runs = [.. folders.Select((f, i) => new WatchedRun(f, i))];
        this.interval = interval ?? TimeSpan.FromSeconds(2);
        JsonObject data = new() { ["live"] = true, ["runs"] = new JsonArray() };
        page = Encoding.UTF8.GetBytes(Page.Html("run", string.Join(", ", runs.Select(r => r.Name)), data, connect: true,
            shared: "attention.js"));
        KestrelServerOptions options = new() { AddServerHeader = false, ApplicationServices = new NoServices() };
        options.Limits.MaxConcurrentConnections = MostConnections;
        options.Limits.MaxRequestBodySize = 0;
        options.Listen(IPAddress.Loopback, port, listen => listen.Protocols = HttpProtocols.Http1);
        NullLoggerFactory silence = NullLoggerFactory.Instance;
        server = new KestrelServer(Options.Create(options),
            new SocketTransportFactory(Options.Create(new SocketTransportOptions()), silence), silence);
        try
        {
            server.StartAsync(this, CancellationToken.None).GetAwaiter().GetResult();
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            server.Dispose();
            throw LoopbackPort.Refused(port, e);
        }
        Port = new Uri(server.Features.Get<IServerAddressesFeature>()!.Addresses.Single()).Port;
        hosts = [$"127.0.0.1:{Port}", $"localhost:{Port}"];
    }

    /// <summary>Where it listens.</summary>
    public int Port { get; }

    /// <summary>What the browser is to open.</summary>
    public string Address => $"http://127.0.0.1:{Port}/{token}/";

    /// <summary>Tells those who watch how it ended, and ends.</summary>
    public void Dispose()
    {
        stop.Cancel();
        using CancellationTokenSource late = new(Goodbye);
        server.StopAsync(late.Token).GetAwaiter().GetResult();
        server.Dispose();
    }

    HttpContext IHttpApplication<HttpContext>.CreateContext(IFeatureCollection features) => new DefaultHttpContext(features);

    void IHttpApplication<HttpContext>.DisposeContext(HttpContext context, Exception? exception)
    {
    }

    async Task IHttpApplication<HttpContext>.ProcessRequestAsync(HttpContext context)
    {
        try
        {
            await Answer(context.Request, context.Response, context.RequestAborted);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            // The browser has gone.
        }
    }

    async Task Answer(HttpRequest request, HttpResponse response, CancellationToken gone)
    {
        IHeaderDictionary headers = response.Headers;
        headers.XContentTypeOptions = "nosniff";
        headers.XFrameOptions = "DENY";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        // What a page may do is in the page itself, but for this.
        headers.ContentSecurityPolicy = "frame-ancestors 'none'";
        headers.CacheControl = "no-store";
        // A page of another name that was made to point here (DNS rebinding) says that name.
        if (!hosts.Contains(request.Host.Value, StringComparer.OrdinalIgnoreCase))
        {
            response.StatusCode = StatusCodes.Status403Forbidden;
            return;
        }
        string[] path = (request.Path.Value ?? "").Split('/');
        if (path.Length < 3
            || !CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(path[1]), Encoding.UTF8.GetBytes(token)))
        {
            response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }
        if (!HttpMethods.IsGet(request.Method) && !HttpMethods.IsHead(request.Method))
        {
            headers.Allow = "GET, HEAD";
            response.StatusCode = StatusCodes.Status405MethodNotAllowed;
            return;
        }
        switch (path[2..])
        {
            case [""]:
                response.ContentType = "text/html; charset=utf-8";
                await response.Body.WriteAsync(page, gone);
                break;
            case ["events"] when HttpMethods.IsGet(request.Method):
                await Stream(response, gone);
                break;
            case ["pictures", var key, var name] when RunOf(key)?.Picture(name) is { } picture:
                response.ContentType = "image/png";
                // Its address changes with it.
                headers.CacheControl = "private, max-age=3600";
                await response.Body.WriteAsync(picture, gone);
                break;
            case ["attention", var key, var number] when HttpMethods.IsGet(request.Method) && RunOf(key) is { } run
                && int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out int sample):
                response.ContentType = "application/json";
                await response.WriteAsync(run.Maps.Of(sample), gone);
                break;
            default:
                response.StatusCode = StatusCodes.Status404NotFound;
                break;
        }
    }

    WatchedRun? RunOf(string key) =>
        int.TryParse(key, NumberStyles.None, CultureInfo.InvariantCulture, out int i) && i < runs.Count ? runs[i] : null;

    // Server-sent events, at a pace of their own for everybody who watches: who is slow waits alone.
    async Task Stream(HttpResponse response, CancellationToken gone)
    {
        if (Interlocked.Increment(ref streams) > MostStreams)
        {
            Interlocked.Decrement(ref streams);
            response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            return;
        }
        try
        {
            response.ContentType = "text/event-stream";
            await response.WriteAsync("retry: 2000\n\n", gone);
            WatchedRun.Reader[] readers = [.. runs.Select(r => new WatchedRun.Reader(r))];
            while (true)
            {
                bool last = stop.IsCancellationRequested;
                foreach (WatchedRun.Reader reader in readers)
                    foreach ((string name, string data) in reader.News(atMostEvery: last ? TimeSpan.Zero : interval / 2))
                        await response.WriteAsync($"event: {name}\ndata: {data}\n\n", gone);
                // A line that says nothing finds out whether somebody is still there.
                await response.WriteAsync(last ? "event: end\ndata: {}\n\n" : ":\n\n", gone);
                await response.Body.FlushAsync(gone);
                if (last) return;
                using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(gone, stop.Token);
                await Task.Delay(interval, either.Token).ContinueWith(_ => { }, TaskScheduler.Default);
                gone.ThrowIfCancellationRequested();
            }
        }
        finally
        {
            Interlocked.Decrement(ref streams);
        }
    }

    sealed class NoServices : IServiceProvider
    {
        public object? GetService(Type serviceType) => null;
    }
}
