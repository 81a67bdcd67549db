using Sluice.Cluster.Api;
using Sluice.Core.Backfills;
using Sluice.Core.Connections;
using Sluice.Core.Dags;
using Sluice.Core.Params;
using Sluice.Core.Schedules;
using Sluice.Core.Watermarks;
using Sluice.Scheduler.Backfills;
using Sluice.Storage.ReadModel;
using Sluice.Storage.Secrets;

namespace Sluice.Scheduler.Api;

/// <summary>What people ask about backfills.</summary>
internal sealed partial class OperatorApi
{
    private const int LongestNote = 1000;

    private async Task<BackfillSummary> CreateBackfillAsync(BackfillRequest request, string who, CancellationToken cancel)
    {
        var (dag, _, range, options) = await ReadAsync(request, cancel);

        // In the order of creation; the first twelve digits are the millisecond, which two people may share.
        var id = $"bf-{Guid.CreateVersion7():N}"[..15] + $"{Guid.NewGuid():N}"[..4];
        var answer = await LeaderAsync<BackfillAnswer>(new MakeBackfill(id, dag.Id, dag.Version, range, options, who, Note(request.Note)), cancel);
        if (answer.Refusal is { } refusal)
        {
            throw new ApiException(409, refusal);
        }

        Audit(true, who, Operations.CreateBackfill, id, ApiJson.Serialize(request));
        return Summaries.Of(answer.Row!, time.GetUtcNow());
    }

    /// <summary>The same way as the backfill itself, by the same rules, a page at a time.</summary>
    private async Task<BackfillPreview> PreviewBackfillAsync(BackfillPreviewRequest request, CancellationToken cancel)
    {
        if (request.Limit is < 1 or > 10_000)
        {
            throw new ApiException(400, $"The limit is {request.Limit}; it must be from 1 to 10000.");
        }

        var (dag, spec, range, options) = await ReadAsync(request.Backfill, cancel, isBeginning: request.After is null);
        Note(request.Backfill.Note);
        var now = time.GetUtcNow();
        var plan = new BackfillPlan(BackfillScout.TimetableOf(spec), range, options, now);
        if (await OverlapAsync(dag.Id, range, cancel) is { } overlap)
        {
            throw new ApiException(409, overlap);
        }

        if (request.After is null && plan.Nonsense() is { } nonsense)
        {
            throw new ApiException(409, nonsense);
        }

        var steps = new List<BackfillStep>();
        DateTimeOffset? next = null;
        await foreach (var step in new BackfillScout(store.ReadModel, dag.Id, plan.Walk, options.Reprocess, now).After(request.After, cancel))
        {
            if (steps.Count == request.Limit)
            {
                next = steps[^1].Interval.Start;
                break;
            }

            plan.Add(step);
            steps.Add(step);
        }

        return new(dag.Id.Value, plan.ToCreate, plan.ToReprocess, plan.ToSkip, [.. steps.Select(Summaries.Of)], next);
    }

    private async Task<IReadOnlyList<BackfillSummary>> ListBackfillsAsync(BackfillFilter filter, CancellationToken cancel)
    {
        var rows = await store.ReadModel.ListBackfillsAsync(filter.DagId is { } id ? new DagId(id) : null, cancel);
        return [.. rows.Select(row => Summaries.Of(row, time.GetUtcNow()))];
    }

    private async Task<BackfillDetails> ShowBackfillAsync(BackfillName name, CancellationToken cancel)
    {
        var backfill = await BackfillAsync(name.BackfillId, cancel);
        var runs = await store.ReadModel.ListRunsAsync(new() { Backfill = name.BackfillId, Limit = 10_000 }, cancel);
        return new(Summaries.Of(backfill, time.GetUtcNow()), [.. runs.Select(Summaries.Of)]);
    }

    private async Task<Changed> ChangeBackfillAsync(BackfillChange change, string verb, string who, CancellationToken cancel)
    {
        var (id, note) = (change.BackfillId, Note(change.Note));
        await BackfillAsync(id, cancel);
        var (operation, message) = verb switch
        {
            "pause" => (Operations.PauseBackfill, new SetBackfillPaused(true, who, note)),
            "resume" => (Operations.ResumeBackfill, new SetBackfillPaused(false, who, note)),
            _ => (Operations.CancelBackfill, (object)new StopBackfill(change.Running, who, note)),
        };
        var answer = await LeaderAsync<object>(new ToBackfill(id, message), cancel) switch
        {
            BackfillChanged changed => changed,
            _ => OfEnded(await BackfillAsync(id, cancel), verb),
        };
        if (answer.Refusal is { } refusal)
        {
            throw new ApiException(409, refusal);
        }

        Audit(answer.Yes, who, operation, id, ApiJson.Serialize(change));
        return new(answer.Yes);
    }

    private static BackfillChanged OfEnded(BackfillRow row, string verb)
    {
        var phase = Enum.Parse<BackfillPhase>(row.State, ignoreCase: true);
        return new(false, phase == BackfillPhase.Cancelled && verb == "cancel" ? null : BackfillDecider.TooLate(row.Id, phase, verb));
    }

    /// <exception cref="ApiException">Something in the request makes no sense.</exception>
    private async Task<(DagRow Dag, DagSpec Spec, DataInterval Range, BackfillOptions Options)> ReadAsync(
        BackfillRequest request, CancellationToken cancel, bool isBeginning = true)
    {
        var dag = await DagAsync(request.DagId, cancel);
        var spec = await SpecAsync(dag.Version, cancel);
        var options = new BackfillOptions
        {
            MaxActiveRuns = request.MaxActiveRuns,
            Reprocess = OneOf<Reprocess>(request.Reprocess, "way to reprocess", "none, failed or completed"),
            Order = OneOf<BackfillOrder>(request.Order, "order", "oldest or newest"),
            Conf = JsonObjectText(request.Conf, "conf"),
            Connections = ConnectionOverrides.Write(request.Connections),
            Version = request.Version switch
            {
                null or LatestVersion => null,
                OriginalVersion => BackfillOptions.OriginalVersion,
                var given => await FindVersionAsync(dag.Id, given, cancel),
            },
        };
        var theirs = options.Version is { Length: > 0 } version and not BackfillOptions.OriginalVersion ? await SpecAsync(version, cancel) : spec;
        if (options.Order == BackfillOrder.Newest && spec.Tasks.FirstOrDefault(task => task.DependsOnPast || task.WaitForDownstream) is { } chained)
        {
            throw new ApiException(409, $"Task '{chained.Id}' of Dag '{dag.Id}' depends on the run before, so a backfill must begin with the oldest.");
        }

        if (ParamRules.Refuse(theirs, options.Conf) is { } broken)
        {
            throw new ApiException(400, broken);
        }

        foreach (var (id, other) in request.Connections ?? new Dictionary<string, string>())
        {
            foreach (var name in new[] { id, other })
            {
                if (await vault.FindAsync(SecretKind.Connection, name, cancel) is null)
                {
                    throw new ApiException(400, $"There is no connection '{name}', so '{other}' cannot stand for '{id}'. See: sluice connections list");
                }
            }
        }

        DataInterval range = new(ScheduleDates.Parse(request.Start, spec.TimeZone), ScheduleDates.Parse(request.End, spec.TimeZone));
        if (isBeginning && theirs.Tasks.FirstOrDefault(task => task.KeepsWatermark) is { } keeping && await MakesRunsAsync(dag.Id, spec, range, options, cancel))
        {
            throw new ApiException(409, $"Task '{keeping.Id}' of Dag '{dag.Id}' keeps a watermark. {WatermarkRules.NotForBackfills}");
        }

        return (dag, spec, range, options);
    }

    /// <summary>True when a backfill would make a run, rather than run again what there is.</summary>
    private async Task<bool> MakesRunsAsync(DagId dag, DagSpec spec, DataInterval range, BackfillOptions options, CancellationToken cancel)
    {
        var now = time.GetUtcNow();
        var plan = new BackfillPlan(BackfillScout.TimetableOf(spec), range, options, now);
        if (plan.Nonsense() is null)
        {
            await foreach (var step in new BackfillScout(store.ReadModel, dag, plan.Walk, options.Reprocess, now).After(null, cancel))
            {
                if (step.Action == BackfillAction.Create)
                {
                    return true;
                }
            }
        }

        return false;
    }

    /// <summary>Which backfill holds some of a range, as its Dag would say it.</summary>
    private async Task<string?> OverlapAsync(DagId dag, DataInterval range, CancellationToken cancel) =>
        (await store.ReadModel.ListBackfillsAsync(dag, cancel))
            .Where(row => row.State is "running" or "paused")
            .Aggregate(new BackfillClaims(dag), (claims, row) => claims.Claim(row.Id, row.Range).Claims)
            .Claim("", range).Refusal;

    private async Task<BackfillRow> BackfillAsync(string id, CancellationToken cancel) =>
        (await store.ReadModel.ListBackfillsAsync(null, cancel)).FirstOrDefault(row => row.Id == id)
        ?? throw new ApiException(404, $"There is no backfill '{id}'. See: sluice backfill list");

    private static T OneOf<T>(string text, string what, string choice)
        where T : struct, Enum => Enum.GetNames<T>().Contains(text, StringComparer.OrdinalIgnoreCase)
            ? Enum.Parse<T>(text, ignoreCase: true)
            : throw new ApiException(400, $"'{text}' is no {what}; use {choice}.");

    private static string? Note(string? text) => string.IsNullOrWhiteSpace(text) ? null
        : text.Length <= LongestNote ? text
        : throw new ApiException(400, $"The note has {text.Length} characters; at most {LongestNote} are kept.");
}
