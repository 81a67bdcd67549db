using System.Diagnostics;

namespace Sluice.EndToEnd.Tests.Links;

/// <summary>A host of its own on this machine: a network namespace behind a pair of virtual cables. Gone with the test.</summary>
internal sealed class NetworkNamespace : IAsyncDisposable
{
    // Packets to this address of the cable's other end are dropped there without a word, as a switch that fails drops them.
    private const string Nowhere = "02:00:00:00:00:99";

    private static int _made;

    private readonly string _name;
    private readonly string _outer;
    private readonly string _inner;

    private NetworkNamespace(int number)
    {
        var id = $"{Environment.ProcessId % 100_000}{number}";
        (_name, _outer, _inner) = ($"sluice-{id}", $"slo{id}", $"sli{id}");
        var net = $"10.{201 + (number % 50)}.{Environment.ProcessId % 250}";
        (Outside, Inside) = ($"{net}.1", $"{net}.2");
    }

    /// <summary>Address of this machine, as seen from inside.</summary>
    public string Outside { get; }

    public string Inside { get; }

    /// <summary>Put before a command, runs it inside.</summary>
    public string[] Exec => ["ip", "netns", "exec", _name];

    public static async Task<NetworkNamespace> CreateAsync()
    {
        var made = new NetworkNamespace(Interlocked.Increment(ref _made));
        try
        {
            await IpAsync("netns", "add", made._name);
            await IpAsync("link", "add", made._outer, "type", "veth", "peer", "name", made._inner, "netns", made._name);
            await IpAsync("addr", "add", $"{made.Outside}/30", "dev", made._outer);
            await IpAsync("link", "set", made._outer, "up");
            await IpAsync("-n", made._name, "addr", "add", $"{made.Inside}/30", "dev", made._inner);
            await IpAsync("-n", made._name, "link", "set", made._inner, "up");
            await IpAsync("-n", made._name, "link", "set", "lo", "up");
            return made;
        }
        catch
        {
            await made.DisposeAsync();
            throw;
        }
    }

    /// <summary>From now on nothing that is said inside is heard outside.</summary>
    public Task CutOutgoingAsync() => IpAsync("-n", _name, "neigh", "replace", Outside, "lladdr", Nowhere, "nud", "permanent", "dev", _inner);

    /// <summary>From now on nothing that is said outside is heard inside.</summary>
    public Task CutIncomingAsync() => IpAsync("neigh", "replace", Inside, "lladdr", Nowhere, "nud", "permanent", "dev", _outer);

    public async Task HealAsync()
    {
        await TryIpAsync("-n", _name, "neigh", "del", Outside, "dev", _inner);
        await TryIpAsync("neigh", "del", Inside, "dev", _outer);
    }

    public async ValueTask DisposeAsync()
    {
        await TryIpAsync("link", "del", _outer);
        await TryIpAsync("netns", "del", _name);
    }

    private static async Task IpAsync(params string[] args)
    {
        if (await TryIpAsync(args) is { } error)
        {
            throw new InvalidOperationException($"This machine does not let the test make network namespaces: ip {string.Join(' ', args)}: {error} See test.sh.");
        }
    }

    private static async Task<string?> TryIpAsync(params string[] args)
    {
        using var process = Process.Start(new ProcessStartInfo("ip", args) { RedirectStandardError = true })!;
        var error = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0 ? null : error.Trim();
    }
}

/// <summary>Needs network namespaces. Left out only when test.sh, or a person, says in SLUICE_NO_NAMESPACES why this machine cannot have them.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class NamespaceTheoryAttribute : TheoryAttribute
{
    public NamespaceTheoryAttribute()
    {
        if (Environment.GetEnvironmentVariable("SLUICE_NO_NAMESPACES") is { Length: > 0 } reason)
        {
            Skip = reason;
        }
    }
}
