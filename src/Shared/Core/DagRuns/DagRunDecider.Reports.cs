using Sluice.Core.Dags;
using Sluice.Core.TaskInstances;

namespace Sluice.Core.DagRuns;

/// <content>What an attempt's end means.</content>
public static partial class DagRunDecider
{
    private readonly ref partial struct Decision
    {
        private TaskEnded Judge(int instance, int token, TaskOutcome outcome, DateTimeOffset at)
        {
            var spec = run.SpecOf(instance);
            string? error = null;
            int[]? skips = null;
            int[]? lengths = null;
            if (outcome.Kind == OutcomeKind.Success && (error = Refusal(instance, outcome, out skips, out lengths)) is not null)
            {
                outcome = outcome with { Kind = OutcomeKind.Failed };
            }

            switch (outcome.Kind)
            {
                case OutcomeKind.Success:
                    return new(instance, token, TaskState.Success, at, Skips: skips, Lengths: lengths);
                case OutcomeKind.Skipped:
                    return new(instance, token, TaskState.Skipped, at);
                case OutcomeKind.Rescheduled:
                    // The worker's clock may be off: only the length of the wait is taken from it.
                    var wait = (outcome.ResumeAt ?? outcome.EndedAt) - outcome.EndedAt;
                    return new(instance, token, TaskState.UpForReschedule, at, at + (wait > TimeSpan.Zero ? wait : TimeSpan.Zero),
                        run.FirstPokeOf(instance) ?? outcome.StartedAt);
                case OutcomeKind.HandedBack:
                    return new(instance, token, TaskState.UpForRetry, at, at, HandedBack: true);
                case OutcomeKind.Lost when run.LossesOf(instance) < MaxLosses:
                    return new(instance, token, TaskState.UpForRetry, at, at + AfterLoss(run.LossesOf(instance)), FirstPoke(spec, instance, outcome), Lost: true);
                case OutcomeKind.Failed when run.TriesSinceCleared(instance) <= spec.Retries:
                    var delay = outcome.RetryAfter is { } own && own >= TimeSpan.Zero
                        ? own
                        : RetryDelays.After(spec, run.Facts.Dag, run.Facts.LogicalDate, run.TriesSinceCleared(instance), run.MapIndexOf(instance));
                    return new(instance, token, TaskState.UpForRetry, at, at + delay, FirstPoke(spec, instance, outcome), Error: error);
                default:
                    return new(instance, token, TaskState.Failed, at, Error: error);
            }
        }

        /// <summary>At once when it was lost for the first time; what befell it twice may last a while.</summary>
        private static TimeSpan AfterLoss(int losses) => losses == 0 ? TimeSpan.Zero : TimeSpan.FromSeconds(5 * losses);

        /// <summary>A sensor's timeout counts from its first poke, across reschedules, retries and lost attempts (semantics.md, 0.6).</summary>
        /// <remarks>What was lost with its worker tells nothing: it began when it was dispatched, or a moment later.</remarks>
        private DateTimeOffset? FirstPoke(TaskSpec spec, int instance, TaskOutcome outcome) =>
            spec.Sensor is null ? null
                : run.FirstPokeOf(instance) ?? (outcome.StartedAt == default ? run.DispatchedAt(instance) : outcome.StartedAt);

        /// <summary>Why a success cannot stand: it chose what is not there, or others are mapped over what it did not return.</summary>
        private string? Refusal(int instance, TaskOutcome outcome, out int[]? skips, out int[]? lengths)
        {
            (skips, lengths) = (null, null);
            if (outcome.Follow is { } chosen)
            {
                if (NotChosen(instance, chosen, out var unknown) is not { } others)
                {
                    return $"It chose '{unknown}', which is no task or group of Dag {run.Facts.Dag}; return ids as the Dag has them, with the prefixes of their groups.";
                }

                skips = others;
            }
            else if (outcome.SkipDownstream is { } scope)
            {
                skips = ShortCircuit(instance, scope);
            }

            if (run.Graph.MappedKeys(run.TaskOf(instance)) is not { } keys)
            {
                return null;
            }

            lengths = new int[keys.Count];
            for (var i = 0; i < keys.Count; i++)
            {
                var pushed = outcome.XComs?.FirstOrDefault(xcom => xcom.Key == keys[i]);
                if (instance >= run.Graph.Count)
                {
                    // Others are mapped over the list of what all its instances return.
                    lengths[i] = pushed is null ? 0 : 1;
                    continue;
                }

                var length = pushed is null ? null : OutputLength.Of(pushed);
                var limit = run.Graph.Spec.MaxMapLength ?? MapSpec.DefaultMaxLength;
                if (length is null || length > limit)
                {
                    var what = keys[i] == "return_value" ? "returned" : $"pushed as '{keys[i]}'";
                    var wrong = pushed is null ? $"It {what} nothing"
                        : length is null ? $"What it {what} is neither a list nor an object"
                        : $"It {what} {length} elements, more than the limit of {limit} (max_map_length)";
                    return $"{wrong}; other tasks are mapped over it.";
                }

                lengths[i] = length.Value;
            }

            return null;
        }

        /// <summary>Direct downstreams that were not chosen, unless they come after one that was (semantics.md, 5); null when a name is unknown.</summary>
        private int[]? NotChosen(int instance, IReadOnlyList<string> chosen, out string unknown)
        {
            unknown = "";
            var task = run.TaskOf(instance);
            var followed = new HashSet<int>();
            foreach (var name in chosen)
            {
                var found = false;
                for (var other = 0; other < run.Graph.Count; other++)
                {
                    if (Names(run.Graph.Spec.Tasks[other], instance).Any(id => id == name || (id.Length > name.Length && id[name.Length] == '.' && id.StartsWith(name, StringComparison.Ordinal))))
                    {
                        found = true;
                        followed.Add(other);
                    }
                }

                // What an attempt of an earlier version chose may be gone from the Dag since.
                if (!found && run.InheritedBy(instance) is null)
                {
                    unknown = name;
                    return null;
                }
            }

            foreach (var tip in followed.ToList())
            {
                followed.UnionWith(run.Graph.Descendants(tip));
            }

            var others = new List<int>();
            foreach (var next in run.Graph.Downstream(task))
            {
                if (!followed.Contains(next) && run.Following(instance, next) is >= 0 and var target)
                {
                    others.Add(target);
                }
            }

            return [.. others];
        }

        /// <summary>Ids by which the code of an attempt may know a task: code that was written before the task was renamed says its former one.</summary>
        private IEnumerable<string> Names(TaskSpec task, int instance)
        {
            string?[] names = [task.Id.Value, task.CodeId?.Value, run.InheritedBy(instance) is null ? null : task.RenamedFrom?.Value];
            return names.OfType<string>();
        }

        private int[] ShortCircuit(int instance, SkipScope scope)
        {
            var task = run.TaskOf(instance);
            var skipped = new List<int>();
            if (scope == SkipScope.Direct)
            {
                skipped.AddRange(run.Graph.Downstream(task));
            }
            else
            {
                foreach (var next in run.Graph.Descendants(task))
                {
                    if (run.Graph.Spec.Tasks[next].Kind != TaskKind.Teardown)
                    {
                        skipped.Add(next);
                    }
                }
            }

            skipped.Sort();
            var targets = new List<int>(skipped.Count);
            foreach (var next in skipped)
            {
                if (run.Following(instance, next) is >= 0 and var target)
                {
                    targets.Add(target);
                }
            }

            return [.. targets];
        }
    }
}
