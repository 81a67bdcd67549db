using Sluice.Actors;
using Sluice.Cluster.Nodes;
using Sluice.Cluster.Wire;

namespace Sluice.Cluster.Worker.Logs;

/// <summary>Answers those who read logs from afar.</summary>
internal sealed class LogActor(NodeHost host, string home) : Actor
{
    protected override ValueTask PreStartAsync()
    {
        host.Serve(Methods.FetchLog, Context.Self);
        return ValueTask.CompletedTask;
    }

    protected override ValueTask ReceiveAsync(object message)
    {
        if (message is IncomingRequest asked)
        {
            try
            {
                asked.ReplyWith(LogReader.Read(home, asked.Read<FetchLog>()));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or System.Text.Json.JsonException)
            {
                asked.Fail(e is System.Text.Json.JsonException ? 400 : 503, $"The log cannot be read: {e.Message}");
            }
        }

        return ValueTask.CompletedTask;
    }
}
