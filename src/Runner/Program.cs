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
using var data = Connect(path, isControl: false);
using var control = Connect(path, isControl: true);
new RunnerSession(data, control, new ProviderCatalog(), TimeProvider.System).Run();
return 0;

static FrameChannel Connect(string path, bool isControl)
{
    var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    socket.Connect(new UnixDomainSocketEndPoint(path));
    var channel = new FrameChannel(socket);
    channel.Send(new Hello(isControl));
    return channel;
}
