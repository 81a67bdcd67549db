using System.Net;
using System.Net.Sockets;

namespace Sluice.Machine;

/// <summary>A port of this machine that the system gives to nobody who asks for just any, and on which a server that is told its number may listen: now, and again after a restart.</summary>
/// <remarks>A socket is bound to it that never listens. Like every server on Unix it lets others bind the address, too, but only those who name the port.</remarks>
internal sealed class ReservedPort : IDisposable
{
    private readonly Socket _held = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

    public ReservedPort()
    {
        _held.Bind(new IPEndPoint(IPAddress.Any, 0));
        Number = ((IPEndPoint)_held.LocalEndPoint!).Port;
    }

    public int Number { get; }

    public void Dispose() => _held.Dispose();
}
