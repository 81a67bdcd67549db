using Microsoft.Extensions.Logging;
using Sluice.Actors;
using Sluice.Scheduler.Journal;
using Sluice.Storage.ReadModel;

namespace Sluice.Scheduler.Retention;

/// <summary>Deletes what templates of long past runs came to, now and then and a little at a time.</summary>
/// <remarks>What is old is looked for beside the commits; the deletes go through the journal, which an old leader cannot write any more.</remarks>
internal sealed partial class RetentionActor(ActorRef journal, IReadModel readModel, int renderedFieldsKept) : Actor
{
    private const int AtOnce = 2_000;
    private static readonly TimeSpan First = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Every = TimeSpan.FromHours(1);

    protected override ValueTask PreStartAsync()
    {
        Context.Timers.StartSingle(Look.Instance, First, Look.Instance);
        return ValueTask.CompletedTask;
    }

    protected override ValueTask ReceiveAsync(object message)
    {
        switch (message)
        {
            case Look:
                Context.PipeToSelf(
                    readModel.ListOldRenderedFieldsAsync(renderedFieldsKept, AtOnce, CancellationToken.None).AsTask(), keys => new Found(keys), error => new Failed(error.Message));
                break;
            case Found found:
                Delete(found.Keys);
                break;
            case Failed failed:
                LogFailed(Context.Logger, failed.Error);
                Context.Timers.StartSingle(Look.Instance, Every, Look.Instance);
                break;
        }

        return ValueTask.CompletedTask;
    }

    private void Delete(IReadOnlyList<RenderedFieldsKey> keys)
    {
        if (keys.Count > 0)
        {
            var append = new Append("retention");
            append.Changes.Add(new RenderedFieldsDropped(keys));
            if (keys.Count == AtOnce)
            {
                append.OnCommitted.Add(new(Context.Self, Look.Instance));
            }

            journal.Tell(append, Context.Self);
        }

        if (keys.Count < AtOnce)
        {
            Context.Timers.StartSingle(Look.Instance, Every, Look.Instance);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Rendered templates of long past runs were not deleted; it is tried again in an hour: {Error}")]
    private static partial void LogFailed(ILogger logger, string error);

    private sealed record Found(IReadOnlyList<RenderedFieldsKey> Keys);

    private sealed record Failed(string Error);

    private sealed record Look
    {
        public static Look Instance { get; } = new();
    }
}
