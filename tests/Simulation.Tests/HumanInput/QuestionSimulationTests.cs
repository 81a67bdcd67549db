using Sluice.Actors;
using Sluice.Cluster.Worker.Attempts;
using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
using Sluice.Core.HumanInput;
using Sluice.Core.TaskInstances;

namespace Sluice.Simulation.Tests.HumanInput;

/// <summary>People are asked while schedulers and workers die.</summary>
public sealed class QuestionSimulationTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromHours(1);

    private static readonly DagSpec Dag = new()
    {
        Id = new("asks"),
        Tasks =
        [
            new() { Id = new("patient"), Operator = "HitlOperator" },
            new() { Id = new("hurried"), Operator = "HitlOperator" },
            new() { Id = new("after"), Operator = "ShellOperator", Upstream = [0, 1] },
        ],
    };

    [Fact]
    public void Every_question_is_answered_once_whoever_dies_meanwhile()
    {
        for (var seed = 1; seed <= 12; seed++)
        {
            var cluster = new SimulatedCluster(5_000_000 + seed, new() { DropRate = 0.01, DuplicateRate = 0.01, MaxDelay = TimeSpan.FromMilliseconds(30) });
            void AddWorker() => cluster.AddWorker(2, (_, time) => new Asking(cluster.Simulation, time));
            cluster.AddScheduler();
            cluster.AddScheduler();
            AddWorker();
            AddWorker();
            cluster.Define(Dag);
            for (var run = 0; run < 3; run++)
            {
                cluster.Trigger(Dag.Id, $"r{run}");
            }

            var chance = new Random(seed);
            var until = cluster.Simulation.Now + Limit;
            for (var step = 0; cluster.Simulation.Now < until && !cluster.AllEnded(); step++)
            {
                cluster.Simulation.RunFor(TimeSpan.FromSeconds(2));
                var runs = cluster.Runs();
                if (chance.Next(3) == 0)
                {
                    cluster.Answer(Dag.Id, runs[chance.Next(runs.Count)].Facts.Key, chance.Next(4) == 0 ? "hurried" : "patient", chance.Next(2) == 0 ? "Yes" : "No");
                }

                switch (chance.Next(step < 60 ? 14 : int.MaxValue))
                {
                    case 0 or 1:
                        cluster.Crash(cluster.Schedulers[chance.Next(cluster.Schedulers.Count)], silently: chance.Next(2) == 0);
                        cluster.AddScheduler();
                        break;
                    case 2:
                        cluster.Crash(cluster.Workers[chance.Next(cluster.Workers.Count)], silently: chance.Next(2) == 0);
                        AddWorker();
                        break;
                }
            }

            Assert.True(cluster.AllEnded(), $"seed {seed}\n{cluster.Dump()}");
            foreach (var run in cluster.Runs())
            {
                Assert.True(run.State == RunState.Success, $"seed {seed}: {run.Facts.Id} is {run.State}");
                var answers = cluster.Store.RunEvents.Where(entry => entry.Stream == $"r:{run.Facts.Key}").Select(entry => entry.Event).OfType<TaskAnswered>().ToList();
                Assert.Equal([0, 1], answers.Select(answer => answer.Task).Order());
                Assert.Equal("ann", answers.Single(answer => answer.Task == 0).Answer.By);
                var byDefault = answers.Single(answer => answer.Task == 1).Answer;
                Assert.True(byDefault.By == "ann" || byDefault.Options.Single() == "Yes", $"seed {seed}: {byDefault}");
                Assert.Equal(
                    answers.OrderBy(answer => Dag.Tasks[answer.Task].Id.Value, StringComparer.Ordinal).Select(answer => answer.Answer.ToJson()),
                    cluster.XComs(run.Facts.Key).OrderBy(xcom => xcom.Task.Value, StringComparer.Ordinal).Select(xcom => xcom.Value));
            }
        }
    }

    /// <summary>Asks at once; the hurried one for half a minute only.</summary>
    private sealed class Asking(SimulationDispatcher simulation, TimeProvider time) : IAttemptExecutor
    {
        public async Task<TaskOutcome> ExecuteAsync(AttemptWork work, CancellationToken kill)
        {
            var startedAt = time.GetUtcNow();
            var kind = work.Task.Id.Value == "after" ? OutcomeKind.Success : OutcomeKind.Asked;
            try
            {
                await Task.Delay(TimeSpan.FromMilliseconds(1 + simulation.NextRandom(2_000)), time, kill);
            }
            catch (OperationCanceledException)
            {
                kind = OutcomeKind.Lost;
            }

            var hurried = work.Task.Id.Value == "hurried";
            return new()
            {
                Kind = kind,
                StartedAt = startedAt,
                EndedAt = time.GetUtcNow(),
                Question = kind != OutcomeKind.Asked ? null : new()
                {
                    Subject = "Well?", Options = ["Yes", "No"], Timeout = hurried ? TimeSpan.FromSeconds(30) : null, Defaults = hurried ? ["Yes"] : [],
                },
            };
        }
    }
}
