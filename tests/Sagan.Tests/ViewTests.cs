using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json.Nodes;
using Sagan.Native.Commands;
using Sagan.Native.Data.Images;
using Sagan.Native.Inspection;
using Sagan.Native.Kernels;
using Sagan.Native.Training;
using Sagan.Native.Watching;

namespace Sagan.Native.Tests;

/// <summary>The server behind a live view: whom it answers, what it says, and that a run knows nothing of it.</summary>
public sealed class ViewTests : IDisposable
{
    static readonly TimeSpan Quick = TimeSpan.FromMilliseconds(20);
    static readonly string[] Tiny = ["--size", "16", "--conv-dim", "8", "--z-dim", "8", "--g-attention", "8", "--d-attention", "4",
        "--batch", "8", "--log-every", "1", "--sample-every", "2",
        "--set", "sampling.images=8", "--set", "watch.collapse=0", "--set", "data.creatureCount=30"];

    readonly TemporaryFolder folder = new();
    readonly HttpClient http = new(new SocketsHttpHandler { AllowAutoRedirect = false });

    public void Dispose()
    {
        http.Dispose();
        folder.Dispose();
    }

    string Run(string name = "run", int steps = 100)
    {
        string run = SyntheticRun.Write(folder, name, steps);
        SyntheticRun.Samples(run, "real", 20);
        SyntheticRun.Samples(run, "step-0000050", 10);
        return run;
    }

    [Fact]
    public async Task It_answers_who_knows_the_word_and_nobody_else()
    {
        using ViewServer server = new([Run()]);
        string root = $"http://127.0.0.1:{server.Port}/", word = new Uri(server.Address).AbsolutePath.Trim('/');
        Assert.Matches("^[0-9a-f]{32}$", word);
        foreach (string path in (string[])["", "events", $"{word}", $"{word}x/", $"{word[..^1]}/", $"{new string('0', 32)}/", $"x/{word}/",
            $"{word}/nothing", $"{word}/../", $"{word}/pictures/0/config.json", $"{word}/pictures/0/..%2Fconfig.json",
            $"{word}/pictures/1/real.png", $"{word}/pictures/-1/real.png", $"{word}/pictures/0/"])
            Assert.True((await http.GetAsync(root + path)).StatusCode == HttpStatusCode.NotFound, path);
        HttpResponseMessage page = await http.GetAsync(server.Address);
        Assert.Equal((HttpStatusCode.OK, "text/html"), (page.StatusCode, page.Content.Headers.ContentType!.MediaType));
        Assert.Contains("connect-src 'self'", await page.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        HttpResponseMessage picture = await http.GetAsync($"{server.Address}pictures/0/step-0000050.png");
        Assert.Equal("image/png", picture.Content.Headers.ContentType!.MediaType);
        Assert.Equal(File.ReadAllBytes(folder.File("run/samples/step-0000050.png")), await picture.Content.ReadAsByteArrayAsync());
        foreach (HttpResponseMessage m in (HttpResponseMessage[])[page, picture, await http.GetAsync(root)])
        {
            HttpResponseHeaders h = m.Headers;
            Assert.Equal("nosniff", h.GetValues("X-Content-Type-Options").Single());
            Assert.Equal("DENY", h.GetValues("X-Frame-Options").Single());
            Assert.Equal("no-referrer", h.GetValues("Referrer-Policy").Single());
            Assert.Equal("same-origin", h.GetValues("Cross-Origin-Resource-Policy").Single());
            Assert.Equal("frame-ancestors 'none'", h.GetValues("Content-Security-Policy").Single());
            Assert.False(h.Contains("Server") || h.Contains("Access-Control-Allow-Origin"));
        }
        Assert.True(page.Headers.CacheControl!.NoStore);
    }

    [Theory]
    [InlineData("evil.example", HttpStatusCode.Forbidden)]
    [InlineData("evil.example:{0}", HttpStatusCode.Forbidden)]
    [InlineData("127.0.0.1", HttpStatusCode.Forbidden)]
    [InlineData("127.0.0.1.evil.example:{0}", HttpStatusCode.Forbidden)]
    [InlineData("[::1]:{0}", HttpStatusCode.Forbidden)]
    [InlineData("localhost:{0}", HttpStatusCode.OK)]
    public async Task Another_name_of_the_host_is_refused(string host, HttpStatusCode expected)
    {
        using ViewServer server = new([Run()]);
        HttpRequestMessage request = new(HttpMethod.Get, server.Address);
        request.Headers.Host = host.Replace("{0}", $"{server.Port}", StringComparison.Ordinal);
        HttpResponseMessage answer = await http.SendAsync(request);
        Assert.Equal(expected, answer.StatusCode);
        if (expected != HttpStatusCode.OK) Assert.Empty(await answer.Content.ReadAsByteArrayAsync());
    }

    [Theory]
    [InlineData("POST")]
    [InlineData("PUT")]
    [InlineData("DELETE")]
    [InlineData("OPTIONS")]
    [InlineData("TRACE")]
    public async Task It_is_for_reading_alone(string method)
    {
        using ViewServer server = new([Run()]);
        HttpResponseMessage answer = await http.SendAsync(new HttpRequestMessage(new HttpMethod(method), server.Address));
        Assert.Equal(HttpStatusCode.MethodNotAllowed, answer.StatusCode);
        Assert.Equal(["GET", "HEAD"], answer.Content.Headers.Allow.Order());
        Assert.Equal(HttpStatusCode.NotFound, (await http.SendAsync(new HttpRequestMessage(new HttpMethod(method),
            $"http://127.0.0.1:{server.Port}/"))).StatusCode);
    }

    [Fact]
    public async Task It_listens_on_the_loopback_address_alone()
    {
        using ViewServer server = new([Run()]);
        string[] others = [.. System.Net.NetworkInformation.NetworkInterface.GetAllNetworkInterfaces()
            .SelectMany(n => n.GetIPProperties().UnicastAddresses).Select(a => a.Address)
            .Where(a => a.AddressFamily == AddressFamily.InterNetwork && !IPAddress.IsLoopback(a)).Select(a => a.ToString())];
        foreach (string other in others)
        {
            using TcpClient client = new();
            await Assert.ThrowsAnyAsync<SocketException>(() => client.ConnectAsync(other, server.Port));
        }
    }

    [Fact]
    public async Task A_stream_has_all_first_then_what_is_new_and_all_again_after_a_break()
    {
        string run = Run(), log = Path.Combine(run, "metrics.jsonl");
        using ViewServer server = new([run, Run("other")], interval: Quick);
        using (Events events = await Events.Of(http, server.Address))
        {
            JsonNode first = await events.Next("run"), second = await events.Next("run");
            Assert.Equal((0, "run"), ((int)first["key"]!, (string)first["name"]!));
            Assert.Equal((1, "other"), ((int)second["key"]!, (string)second["name"]!));
            Assert.Equal(10, first["curves"]![0]!["steps"]!.AsArray().Count);
            Assert.StartsWith("pictures/0/step-0000050.png?", (string)first["samples"]![0]![1]!, StringComparison.Ordinal);
            Assert.Equal(HttpStatusCode.OK, (await http.GetAsync(server.Address + (string)first["real"]!)).StatusCode);

            File.AppendAllText(log, "{\"step\":110,\"d_loss\":\"NaN\",\"new\":3}\n");
            JsonNode points = await events.Next("points");
            Assert.Equal("""{"key":0,"curves":{"d_loss":[[110,null]],"new":[[110,3]]}}""", points.ToJsonString());
            SyntheticRun.Samples(run, "step-0000110", 10);
            while ((await events.Next("news"))["samples"]!.AsArray().Count != 2) { }

            // The run went back: what was there is not true any more.
            File.WriteAllLines(log, ["{\"step\":10,\"d_loss\":1}"]);
            JsonNode anew = await events.Next("run");
            Assert.Equal("[10]", anew["curves"]![0]!["steps"]!.ToJsonString());
        }
        using Events again = await Events.Of(http, server.Address);
        Assert.Equal("[10]", (await again.Next("run"))["curves"]![0]!["steps"]!.ToJsonString());
        // The folder goes, and it is said.
        Directory.Delete(run, recursive: true);
        while ((await again.Next("run", "news"))["missing"]!.AsArray().Count < 4) { }
    }

    [Fact]
    public async Task The_end_is_told_and_nobody_holds_it_up()
    {
        ViewServer server = new([Run()]);
        using Events events = await Events.Of(http, server.Address);
        await events.Next("run");
        // One who asks and does not read.
        using TcpClient dead = new();
        await dead.ConnectAsync("127.0.0.1", server.Port);
        await dead.GetStream().WriteAsync(Encoding.ASCII.GetBytes($"GET {new Uri(server.Address).AbsolutePath}events HTTP/1.1\r\n"
            + $"Host: 127.0.0.1:{server.Port}\r\n\r\n"));
        Stopwatch clock = Stopwatch.StartNew();
        Task<JsonNode> end = events.Next("end");
        await Task.Run(server.Dispose);
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(4), $"it took {clock.Elapsed}.");
        await end;
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => http.GetAsync(server.Address));
    }

    [Fact]
    public void A_port_that_is_taken_is_one_line()
    {
        using TcpListener other = new(IPAddress.Loopback, 0);
        other.Start();
        int port = ((IPEndPoint)other.LocalEndpoint).Port;
        string way = "name another, or leave it out for one that is free.";
        Assert.Equal((2, $"error: --port {port}: is in use by another program; {way}"), Sagan("view", Run(), "--port", $"{port}"));
        Assert.Equal((2, "error: --port 70000: must be 1 to 65535."), Sagan("view", Run(), "--port", "70000"));
        Assert.Equal((2, "error: --port 5000: is of the page that shows the run; add --view."), Sagan("train", "--port", "5000"));
        Assert.Equal((5, $"error: {folder.File("none")}: no such run folder."), Sagan("view", folder.File("none")));

        static (int, string) Sagan(params string[] arguments)
        {
            using StringWriter output = new(), error = new();
            return (SaganCommandLine.Run(arguments, output, error), error.ToString().TrimEnd());
        }
    }

    [Fact]
    public async Task A_run_that_is_watched_has_the_bits_of_one_that_is_not()
    {
        (int code, _, string error) = Train("alone");
        Assert.True(code == 0, error);
        List<Task<string>> watching = [];
        using ListeningWriter told = new(line =>
        {
            if (!line.StartsWith("view: ", StringComparison.Ordinal)) return;
            string address = line[6..].Trim();
            watching.Add(Task.Run(async () => await http.GetStringAsync($"{address}events")));
            watching.Add(Task.Run(async () => await http.GetStringAsync(address)));
            watching.Add(Task.Run(async () => await Looked(address)));
        });
        code = SaganCommandLine.Run(["train", "--out", folder.File("watched"), .. Tiny, "--steps", "6", "--save-every", "1", "--view"],
            TextWriter.Null, told);
        Assert.True(code == 0, told.ToString());
        Assert.Equal(3, watching.Count);
        // To the end, as it was then.
        string stream = await watching[0];
        Assert.Contains("event: end", stream, StringComparison.Ordinal);
        Assert.Contains("step 6 of 6", stream, StringComparison.Ordinal);
        await watching[1];
        Assert.Contains("\"layers\"", await watching[2], StringComparison.Ordinal);
        foreach (string file in (string[])["checkpoints/step-0000006/model.safetensors", "checkpoints/step-0000006/ema.safetensors",
            "samples/step-0000006.png"])
            Assert.Equal(File.ReadAllBytes(folder.File($"alone/{file}")), File.ReadAllBytes(folder.File($"watched/{file}")));

        // Maps, as soon as there is a checkpoint, while the run trains.
        async Task<string> Looked(string address)
        {
            for (int i = 0; i < 1000; i++)
            {
                string said = await http.GetStringAsync($"{address}attention/0/3");
                if (said.Contains("layers", StringComparison.Ordinal)) return said;
                await Task.Delay(5);
            }
            return "no maps came.";
        }

        (int, string, string) Train(string name)
        {
            using StringWriter output = new(), error = new();
            return (SaganCommandLine.Run(["train", "--out", folder.File(name), .. Tiny, "--steps", "6"], output, error), "",
                error.ToString());
        }
    }

    // Another run may be training in this process, on this device.
    [Fact]
    public void What_a_run_wants_of_the_process_is_not_set_for_who_looks_at_it()
    {
        string run = folder.File("run");
        using StringWriter error = new();
        Assert.True(SaganCommandLine.Run(["train", .. Tiny, "--out", run, "--steps", "1"], TextWriter.Null, error) == 0, error.ToString());
        string config = Path.Combine(run, "config.json");
        JsonNode wanted = JsonNode.Parse(File.ReadAllText(config))!;
        wanted["training"]!["convolution"] = "direct";
        wanted["training"]!["threads"] = 7;
        File.WriteAllText(config, wanted.ToJsonString());
        Assert.Contains("\"layers\"", new Pages.GridMaps(run).Of(0), StringComparison.Ordinal);
        Assert.Equal(ConvolutionAlgorithm.Auto, Device.Cpu.Convolution);
        Assert.NotEqual(7, WorkerPool.Threads);
    }

    [Fact]
    public async Task A_sample_of_the_newest_checkpoint_is_sent_with_its_attention()
    {
        string trained = folder.File("trained"), bare = folder.File("bare");
        string[] none = [.. Tiny];
        foreach (string option in (string[])["--g-attention", "--d-attention"]) none[Array.IndexOf(none, option) + 1] = "none";
        foreach (string[] arguments in (string[][])[[.. Tiny, "--out", trained, "--steps", "2"], [.. none, "--out", bare, "--steps", "1"]])
        {
            using StringWriter error = new();
            Assert.True(SaganCommandLine.Run(["train", .. arguments], TextWriter.Null, error) == 0, error.ToString());
        }
        using ViewServer server = new([trained, bare, Run()]);
        JsonNode answer = await Asked("0/3");
        Assert.Equal((2, 3), ((int)answer["step"]!, (int)answer["sample"]!));
        SaganRun run = SaganRun.Load(trained);
        (AttentionPass pass, int sample) = run.GridAttention(3);
        Assert.Equal(["g.attn1", "d.attn1"], answer["layers"]!.AsArray().Select(l => (string)l!["name"]!));
        JsonNode g = answer["layers"]![0]!;
        Assert.Equal(MemoryMarshal.AsBytes<float>(pass["g.attn1"].Q).ToArray(), Convert.FromBase64String((string)g["q"]!));
        Assert.Equal(MemoryMarshal.AsBytes<float>(run.Attention([pass.Images[sample]])["d.attn1"].K).ToArray(),
            Convert.FromBase64String((string)answer["layers"]![1]!["k"]!));
        // It is the sample that the grid of that step has.
        Image grid = TestData.Load(Path.Combine(trained, "samples/step-0000002.png")), one = pass.Images[sample];
        for (int row = 0; row < 16; row++)
            Assert.Equal(one.Pixels.AsSpan(row * 48, 48).ToArray(),
                grid.Pixels.AsSpan(((2 + row) * grid.Width + 2 + 3 * 18) * 3, 48).ToArray());

        Assert.Equal("A grid of the run has 8 samples.", (string)(await Asked("0/8"))["why"]!);
        Assert.Equal("The networks of step 1 have no attention with maps.", (string)(await Asked("1/0"))["why"]!);
        Assert.StartsWith("The run has no checkpoint yet", (string)(await Asked("2/0"))["why"]!, StringComparison.Ordinal);
        foreach (string path in (string[])["3/0", "0/x", "0/-1", "-1/0", "0", "0/0/0"])
            Assert.True((await http.GetAsync($"{server.Address}attention/{path}")).StatusCode == HttpStatusCode.NotFound, path);

        // A newer checkpoint is seen, and one that is damaged is said.
        using (TrainingRun on = TrainingRun.Resume(trained, new() { Set = ["training.steps=3"] }))
            foreach (TrainingEvent _ in on.Train()) { }
        Assert.Equal(3, (int)(await Asked("0/3"))["step"]!);
        foreach (string file in Directory.GetFiles(Path.Combine(trained, "checkpoints"), "*.safetensors", SearchOption.AllDirectories))
            File.WriteAllBytes(file, [1]);
        Directory.SetLastWriteTimeUtc(Path.Combine(trained, "checkpoints/step-0000003"), DateTime.UtcNow.AddMinutes(1));
        Assert.Contains("no sound checkpoint", (string)(await Asked("0/3"))["why"]!, StringComparison.Ordinal);

        async Task<JsonNode> Asked(string what) => JsonNode.Parse(await http.GetStringAsync($"{server.Address}attention/{what}"))!;
    }

    [Fact]
    public void A_view_ends_by_a_signal_and_without_one_no_server_is_loaded()
    {
        if (!OperatingSystem.IsLinux()) return;
        string sagan = Path.Combine(AppContext.BaseDirectory, "sagan.dll");
        using Process view = Process.Start(ChildProcess.Describe("dotnet", ["exec", sagan, "view", Run()]))!;
        string? line = view.StandardOutput.ReadLine();
        Assert.StartsWith("view: http://127.0.0.1:", line, StringComparison.Ordinal);
        Assert.Contains("Kestrel", Maps(view), StringComparison.Ordinal);
        ChildProgram.Send(view, 2);
        Assert.True(view.WaitForExit(TimeSpan.FromSeconds(20)));
        Assert.Equal(0, view.ExitCode);

        // A run, while it trains.
        using Process train = Process.Start(ChildProcess.Describe("dotnet",
            ["exec", sagan, "train", "--out", folder.File("trained"), .. Tiny, "--steps", "100000", "--save-every", "1"]))!;
        while (train.StandardError.ReadLine() is { } said && !said.StartsWith("saved ", StringComparison.Ordinal)) { }
        Assert.DoesNotContain("AspNetCore", Maps(train), StringComparison.Ordinal);
        train.Kill();
        train.WaitForExit();

        static string Maps(Process p) => File.ReadAllText($"/proc/{p.Id}/maps");
    }

    /// <summary>A stream of server-sent events, as a browser reads it.</summary>
    sealed class Events(StreamReader reader) : IDisposable
    {
        public static async Task<Events> Of(HttpClient http, string address) =>
            new(new StreamReader(await http.GetStreamAsync($"{address}events")));

        /// <summary>The next event of one of these names.</summary>
        public async Task<JsonNode> Next(params string[] names)
        {
            using CancellationTokenSource late = new(TimeSpan.FromSeconds(20));
            string now = "";
            while (await reader.ReadLineAsync(late.Token) is { } line)
            {
                if (line.StartsWith("event: ", StringComparison.Ordinal)) now = line[7..];
                else if (line.StartsWith("data: ", StringComparison.Ordinal) && names.Contains(now)) return JsonNode.Parse(line[6..])!;
            }
            throw new EndOfStreamException($"the stream ended without {string.Join(" or ", names)}.");
        }

        public void Dispose() => reader.Dispose();
    }
}
