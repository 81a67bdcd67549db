using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
using Sluice.Core.TaskInstances;
using static Sluice.Core.Tests.DagRuns.Graphs;

namespace Sluice.Core.Tests.DagRuns;

/// <summary>What a clearing takes, against what comes before and after a task said plainly; every combination of flags over Dags made up by chance.</summary>
public sealed class SelectionTests
{
    [Fact]
    public void A_selection_takes_the_named_and_what_hangs_on_them()
    {
        for (var seed = 0; seed < 200; seed++)
        {
            var chance = new Random(seed);
            var specs = Enumerable.Range(0, chance.Next(2, 8))
                .Select(i => Task($"t{i}", [.. Enumerable.Range(0, i).Where(_ => chance.Next(3) == 0)]) with { TriggerRule = TriggerRule.AllDone }).ToArray();
            var run = NewRun(Of(specs));
            DagRunDecider.Decide(run, new StartRun(Noon));
            while (Enumerable.Range(0, specs.Length).Where(task => run.StateOf(task) == TaskState.Scheduled).ToList() is { Count: > 0 } ready)
            {
                FlowTests.End(run, $"t{ready[0]}", chance.Next(3) == 0 ? "F" : "S");
            }

            bool After(int task, int other) => specs[task].Upstream.Any(up => up == other || After(up, other));
            bool Failed(int task) => run.StateOf(task) is TaskState.Failed or TaskState.UpstreamFailed;
            foreach (var (up, down, onlyFailed, fromFailed) in from up in Flags from down in Flags from onlyFailed in Flags from fromFailed in Flags select (up, down, onlyFailed, fromFailed))
            {
                foreach (var named in new[] { [], [chance.Next(specs.Length)], new[] { 0, specs.Length - 1 } })
                {
                    var selection = new TaskSelection
                    {
                        Tasks = [.. named.Select(task => $"t{task}").Distinct()], Upstream = up, Downstream = down, OnlyFailed = onlyFailed, FromFailed = fromFailed,
                    };
                    var all = Enumerable.Range(0, specs.Length);
                    var from = all.Where(task => (named.Length == 0 || named.Contains(task)) && (!fromFailed || Failed(task))).ToList();
                    var expected = all.Where(task => (from.Contains(task)
                        || ((down || fromFailed) && from.Any(other => After(task, other)))
                        || (up && from.Any(other => After(other, task)))) && (!onlyFailed || Failed(task)));

                    Assert.Equal(expected, SelectedTasks.Of(run, selection));
                    Assert.Empty(SelectedTasks.Unknown(run, selection));
                }
            }
        }
    }

    private static readonly bool[] Flags = [false, true];
}
