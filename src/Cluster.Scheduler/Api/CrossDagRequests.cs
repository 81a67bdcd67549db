using Sluice.Core.Assets;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Sluice.Actors;
using Sluice.Cluster.Wire;
using Sluice.Core.CrossDag;
using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
using Sluice.Core.TaskInstances;
using Sluice.Scheduler.DagRuns;
using Sluice.Scheduler.Dags;
using Sluice.Scheduler.Elections;
using Sluice.Storage;
using Sluice.Storage.ReadModel;

namespace Sluice.Scheduler.Api;

/// <summary>What tasks ask of other Dags: to make a run, and how far they are.</summary>
internal sealed class CrossDagRequests(IStore store, ActorRef elector)
{
    private const int LongestRunId = 250;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    /// <exception cref="ApiException">It could not be asked now.</exception>
    public Task<TriggeredRun> TriggerAsync(TriggerForAttempt asked, CancellationToken cancel) => OrLaterAsync(async () =>
    {
        if (asked.Trigger.RunId is { } runId && (runId.Length > LongestRunId || runId.Any(char.IsControl)))
        {
            return new TriggeredRun(null, Refusal: "A run id has 1 to 250 characters, none of them a control character.");
        }

        if (await store.ReadModel.FindRunAsync(asked.Attempt.Run, cancel) is not { } asking)
        {
            throw new ApiException(409, $"Run {asked.Attempt.Run} is not in the store.");
        }

        var isOf = (await SpecAsync(asking.Facts.Version, cancel))?.Tasks.FirstOrDefault(task => Core.Dags.TaskRenames.IsNamed(task, asked.Task));
        asked = isOf is null ? asked : asked with { Task = Core.Dags.TaskRenames.NameNow(isOf, asked.Task) };
        var tries = TriesOfThisLife(await store.ReadModel.ListTaskInstancesAsync(asked.Attempt.Run, cancel), asked);
        
        // By the id in the code: a try before the task was renamed said the same.
        var name = $"{asking.Facts.Dag}/{asking.Facts.Id}/{(isOf is null ? asked.Task : Core.Dags.TaskRenames.NameInCode(isOf, asked.Task))}";
        var life = RunTrigger.By(name, tries[^1]);
        IReadOnlyList<TriggerCandidate> candidates = asked.Trigger switch
        {
            { Reset: true, RunId: var given } => [.. tries.Select(token => new TriggerCandidate(given is null ? RunIdOf($"manual__{name}") : new(given), RunTrigger.By(name, token)))],
            { RunId: { } given } => [new(new(given), life)],
            _ => [.. tries.Select(token => new TriggerCandidate(RunIdOf(string.Create(CultureInfo.InvariantCulture, $"manual__{name}@{token}")), life))],
        };
        return await ToDagAsync(await NameNowAsync(asked.Trigger.Dag, cancel), new TriggerForTask(asked.Trigger, candidates), cancel) switch
        {
            CreateRunAnswer { Facts: { } facts } made => new TriggeredRun(facts.Id.Value, made.Ended ?? RunState.Queued),
            CreateRunAnswer none => new TriggeredRun(null, Refusal: none.Refusal, Skipped: none.Skipped),
            _ => new TriggeredRun(null, Refusal: $"There is no Dag '{asked.Trigger.Dag}'. See: sluice dags list"),
        };
    });

    /// <summary>The name that the task instance of a run has now: code that runs may still know it by another.</summary>
    public async Task<TaskId> TaskNowAsync(long run, string task, CancellationToken cancel) =>
        await store.ReadModel.FindRunAsync(run, cancel) is { } row
        && (await SpecAsync(row.Facts.Version, cancel))?.Tasks.FirstOrDefault(one => Core.Dags.TaskRenames.IsNamed(one, task)) is { } isOf
            ? new(Core.Dags.TaskRenames.NameNow(isOf, task))
            : new(task);

    /// <exception cref="ApiException">It could not be asked now.</exception>
    public Task<DagAnswer> LookAsync(DagQuestion question, CancellationToken cancel) => OrLaterAsync(async () =>
    {
        question = question with { Dag = (await NameNowAsync(question.Dag, cancel)).Value };
        var found = new List<DagFinding>();
        foreach (var date in question.Dates)
        {
            var run = await FindRunAsync(question, date, cancel);
            if (run is null)
            {
                found.Add(new(date));
            }
            else if (question is { Tasks: [], Group: null })
            {
                found.Add(new(date, run.Facts.Id.Value, null, StateOf(run.State)));
            }
            else
            {
                found.AddRange(await TasksAsync(question, date, run, cancel));
            }
        }

        return new DagAnswer(await MissingAsync(question, cancel), found);
    });

    /// <summary>First tokens of the tries that the task instance has had since it last began from nothing, latest first.</summary>
    /// <remarks>An attempt that was lost, or gave its slot back, goes on with its try. One that ended for good belongs to an earlier life: it was cleared since.</remarks>
    private static List<int> TriesOfThisLife(IReadOnlyList<TaskInstanceRow> rows, TriggerForAttempt asked)
    {
        var tries = new List<int>();
        int? tryNumber = null;
        foreach (var row in rows.Where(row => row.Task.Value == asked.Task && row.Token <= asked.Attempt.Token).OrderByDescending(row => row.Token))
        {
            if (row.Token < asked.Attempt.Token && (row.State == TaskState.None || row.State.IsFinished()))
            {
                break;
            }

            if (row.TryNumber == tryNumber)
            {
                tries[^1] = row.Token;
            }
            else
            {
                tries.Add(row.Token);
                tryNumber = row.TryNumber;
            }
        }

        return tries.Count == 0 ? [asked.Attempt.Token] : tries;
    }

    /// <summary>The same name always gives the same id; one that is too long ends in a hash of the whole.</summary>
    private static RunId RunIdOf(string name) => name.Length <= LongestRunId
        ? new(name)
        : new($"{name[..(LongestRunId - 17)]}_{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(name)))[..16]}");

    private async Task<DagRunRow?> FindRunAsync(DagQuestion question, DateTimeOffset date, CancellationToken cancel)
    {
        // The store keeps whole microseconds.
        var after = date.AddMicroseconds(1);
        var query = new RunQuery { Dag = new DagId(question.Dag), From = question.Window is { } window ? after - window : date, Before = after, Limit = 100 };
        var runs = await store.ReadModel.ListRunsAsync(query, cancel);
        var latest = runs.Where(run => run.Facts.LogicalDate == runs[0].Facts.LogicalDate).ToList();
        return latest.Find(run => run.Facts.Type.IsOfInterval()) ?? latest.FirstOrDefault();
    }

    private async Task<List<DagFinding>> TasksAsync(DagQuestion question, DateTimeOffset date, DagRunRow run, CancellationToken cancel)
    {
        var spec = await SpecAsync(run.Facts.Version, cancel);
        var latest = new Dictionary<string, TaskInstanceRow>();
        foreach (var row in await store.ReadModel.ListTaskInstancesAsync(run.Facts.Key, cancel))
        {
            latest[row.Task.Value] = row;
        }

        var found = new List<DagFinding>();
        foreach (var name in question.Group is { } group ? InGroup(spec, group).DefaultIfEmpty(group) : question.Tasks)
        {
            var now = spec?.Tasks.Any(task => task.Id.Value == name) == true ? name : await store.ReadModel.FindNowAsync(run.Facts.Dag, name, cancel) ?? name;
            var index = spec?.Tasks.ToList().FindIndex(task => task.Id.Value == now) ?? -1;
            var state = index >= 0 && spec!.Tasks[index].Map is not null
                ? await MappedAsync(run, index, spec.Tasks[index].Id, latest, cancel)
                : latest.GetValueOrDefault(now)?.State ?? TaskState.None;
            found.Add(new(date, run.Facts.Id.Value, name, state));
        }

        return found;
    }

    /// <summary>Only the living run knows of instances that have no row yet.</summary>
    private async Task<TaskState> MappedAsync(DagRunRow run, int index, TaskId task, Dictionary<string, TaskInstanceRow> latest, CancellationToken cancel)
    {
        if (run.State is RunState.Queued or RunState.Running
            && await ToDagAsync(run.Facts.Dag, new FindRun(run.Facts.Key), cancel) is FoundRun { Run: { } living })
        {
            return (await living.AskAsync<TaskLiveState>(new TaskQuestion(index), Patience, cancel)).State;
        }

        var instances = latest.Values.Where(row => DagRunState.MapIndexIn(row.Task.Value, task.Value) >= 0).Select(row => row.State).ToList();
        return instances.Count > 0 ? instances.MinBy(DagRunActor.Badness) : latest.GetValueOrDefault(task.Value)?.State ?? TaskState.None;
    }

    private async Task<string?> MissingAsync(DagQuestion question, CancellationToken cancel)
    {
        if (await store.ReadModel.FindDagAsync(new(question.Dag), cancel) is not { } dag)
        {
            return $"There is no Dag '{question.Dag}'.";
        }

        if (question is { Tasks: [], Group: null } || await SpecAsync(dag.Version, cancel) is not { } spec)
        {
            return null;
        }

        var tasks = spec.Tasks.Select(task => task.Id.Value).ToHashSet();
        var renames = await store.ReadModel.ListTaskRenamesAsync(dag.Id, cancel);
        return question.Tasks.FirstOrDefault(name => !tasks.Contains(name) && (TaskNames.Find(renames, name) is not var (now, _) || !tasks.Contains(now))) is { } unknown ? $"Dag '{question.Dag}' has no task '{unknown}'."
            : question.Group is { } group && !InGroup(spec, group).Any() ? $"Dag '{question.Dag}' has no group '{group}'."
            : null;
    }

    private async Task<DagSpec?> SpecAsync(string version, CancellationToken cancel) =>
        await store.ReadModel.FindDagVersionAsync(version, cancel) is { } json ? DagSpecJson.Deserialize(json) : null;

    private async Task<object> ToDagAsync(DagId dag, object message, CancellationToken cancel) =>
        await elector.AskAsync<object>(new ToScheduler(new ToDag(dag, message)), Patience, cancel) switch
        {
            NotLeading => throw new ApiException(503, NotLeading.Sentence), // A task must not fail by a failover.
            var answer => answer,
        };

    /// <summary>Others may go by the name that a Dag had before.</summary>
    private async Task<DagId> NameNowAsync(string dag, CancellationToken cancel) =>
        await store.ReadModel.FindDagAsync(new(dag), cancel) is not null ? new(dag)
            : (await store.ReadModel.ListRenamesAsync(cancel)).FirstOrDefault(rename => rename.From.Value == dag)?.To ?? new(dag);

    private static async Task<T> OrLaterAsync<T>(Func<Task<T>> ask)
    {
        try
        {
            return await ask();
        }
        catch (StoreException e) when (e.IsTransient)
        {
            throw new ApiException(503, e.Message);
        }
    }

    private static IEnumerable<string> InGroup(DagSpec? spec, string group) =>
        spec?.Tasks.Select(task => task.Id.Value).Where(name => name.StartsWith(group + ".", StringComparison.Ordinal)) ?? [];

    private static TaskState StateOf(RunState state) => state switch
    {
        RunState.Queued => TaskState.Queued,
        RunState.Running => TaskState.Running,
        RunState.Success => TaskState.Success,
        _ => TaskState.Failed,
    };
}
