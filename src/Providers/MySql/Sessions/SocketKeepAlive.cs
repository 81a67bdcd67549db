using Sluice.Providers.MySql.Native;

namespace Sluice.Providers.MySql.Sessions;

/// <summary>Lets the kernel ask, while a query thinks, whether the server still lives: no router forgets the connection, and one that is lost is known.</summary>
internal static unsafe class SocketKeepAlive
{
    // Linux's numbers (socket(7), tcp(7)).
    private const int SocketLevel = 1;
    private const int IsOn = 9;
    private const int TcpLevel = 6;
    private const int Idle = 4;
    private const int Interval = 5;
    private const int Probes = 6;

    private const int IdleSeconds = 30;
    private const int IntervalSeconds = 10;
    private const int MostProbes = 6;

    internal static void Set(int socket)
    {
        Set(socket, SocketLevel, IsOn, 1);
        Set(socket, TcpLevel, Idle, IdleSeconds);
        Set(socket, TcpLevel, Interval, IntervalSeconds);
        Set(socket, TcpLevel, Probes, MostProbes);
    }

    // Where it cannot be had all is as it was.
    private static void Set(int socket, int level, int option, int value) => _ = LibMariaDb.setsockopt(socket, level, option, &value, sizeof(int));
}
