using Sluice.Actors;
using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
using Sluice.Core.TaskInstances;
using Sluice.Core.Watermarks;
using Sluice.Scheduler.Journal;
using Sluice.Storage.ReadModel;

namespace Sluice.Scheduler.Watermarks;

/// <summary>A current attempt asks for its window, or to have it kept. Answered by a <see cref="WatermarkAnswer"/>; of a kept window after the commit.</summary>
internal sealed record AskWatermark(RunFacts Run, TaskId Task, int Token, WatermarkQuestion Question);

/// <summary>Someone moves the mark of a task by hand, or, with null, forgets it. Answered by true after the commit.</summary>
internal sealed record MoveWatermark(DagId Dag, TaskId Task, string? To, string Who, string Details);

/// <summary>Keeps the windows that attempts open, one after the other: nobody is given a window by what is not on disk yet.</summary>
/// <remarks>
/// It holds nothing: windows are rows. That of a success becomes a mark in the success's own commit, by the run itself. All of it is fenced by the leader's epoch.
/// </remarks>
internal sealed class WatermarksActor(IReadModel readModel, ActorRef journal) : Actor
{
    // Before every run that there will ever be.
    internal static readonly DateTimeOffset Beginning = new(1, 1, 2, 0, 0, 0, TimeSpan.Zero);

    private bool _writing;
    private long _kept;

    protected override async ValueTask ReceiveAsync(object message)
    {
        switch (message)
        {
            case Kept kept:
                _writing = false;
                _kept++;
                kept.Asker?.Tell(kept.Answer, Context.Self);
                Context.UnstashAll();
                break;
            case AskWatermark or MoveWatermark when _writing:
                Context.Stash(); // what it asks for may be on its way to the disk
                break;
            case AskWatermark ask:
                await AnswerAsync(ask);
                break;
            case MoveWatermark move:
                await MoveAsync(move);
                break;
        }
    }

    protected override string Describe() => $"{_kept} windows kept";

    private async Task AnswerAsync(AskWatermark ask)
    {
        var run = ask.Run;
        var at = new WatermarkPlace(run.Dag, ask.Task, run.Interval.End, run.Key);
        var before = (await readModel.FindWatermarkBeforeAsync(at, CancellationToken.None))?.To;
        var after = await readModel.FindWatermarkAfterAsync(at, CancellationToken.None);
        var own = await readModel.FindWatermarkAsync(at, CancellationToken.None);
        var answer = WatermarkRules.Settle(run.Type, before, after is null ? null : new(after.From, after.To), own is null ? null : new(own.From, own.To));
        if (ask.Question.Open is not { } open || answer.Refusal is not null)
        {
            Context.Sender?.Tell(answer);
            return;
        }

        if (open.From != answer.From || (answer.IsSettled && open.To != answer.To))
        {
            Context.Sender?.Tell(answer with { Refusal = "The watermark was moved while this attempt looked at it; the next one looks again." });
            return;
        }

        Keep(
            new WatermarkRow(run.Dag, ask.Task, run.Interval.End, run.Key, ask.Token, open.From, open.To, IsMark: false, Context.Time.GetUtcNow(), null), Context.Sender, answer);
    }

    private async Task MoveAsync(MoveWatermark move)
    {
        var now = Context.Time.GetUtcNow();
        ReadModelChange change;
        if (move.To is null)
        {
            change = new WatermarksForgotten(move.Dag, move.Task);
        }
        else if (await readModel.FindWatermarkBeforeAsync(new(move.Dag, move.Task, DateTimeOffset.MaxValue.AddDays(-1), long.MaxValue), CancellationToken.None) is { } latest)
        {
            change = latest with { To = move.To, At = now, By = move.Who };
        }
        else
        {
            change = new WatermarkRow(move.Dag, move.Task, Beginning, 0, 0, null, move.To, IsMark: true, now, move.Who);
        }

        Keep(
            change, Context.Sender, true, new AuditRow(now, move.Who, move.To is null ? Cluster.Api.Operations.ClearWatermark : Cluster.Api.Operations.SetWatermark, $"{move.Dag}/{move.Task}", move.Details));
    }

    private void Keep(ReadModelChange change, ActorRef? asker, object answer, AuditRow? audit = null)
    {
        var append = new Append("watermarks");
        append.Changes.Add(change);
        if (audit is not null)
        {
            append.Changes.Add(audit);
        }

        append.OnCommitted.Add(new(Context.Self, new Kept(asker, answer)));
        _writing = true;
        journal.Tell(append, Context.Self);
    }

    private sealed record Kept(ActorRef? Asker, object Answer);
}
