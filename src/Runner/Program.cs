using System.Net.Sockets;
using Sluice.Authoring.Hooks;
using Sluice.Runner;
using Sluice.Runner.Attempts;
using Sluice.Runner.Protocol;

if (args is not [var path])
{
    Console.Error.WriteLine("Sluice.Runner is started by a worker, with the path of its socket; it does nothing by itself.");
    return 2;
}

ProcessGroup.Lead();

// The settings are this process's own, not those of programs which a task starts.
foreach (var name in RunnerEnvironment.Settings)
{
    Environment.SetEnvironmentVariable(name, null);
}

var providers = ProviderDiscovery.Load();
await WarmUp.RunAsync(providers);
var data = Connect(path, isControl: false);
var control = Connect(path, isControl: true);
new RunnerSession(data, control, providers, TimeProvider.System).Run();

// A task may have left threads behind that would keep the process alive.
Environment.Exit(0);
return 0;

static FrameChannel Connect(string path, bool isControl)
{
    var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    socket.Connect(new UnixDomainSocketEndPoint(path));
    var channel = new FrameChannel(socket);
    channel.Send(new Hello(isControl));
    return channel;
}
