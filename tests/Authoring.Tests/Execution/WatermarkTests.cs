using Sluice.Authoring.Dags;
using Sluice.Authoring.Operators;
using Sluice.Authoring.Tests.Dags;
using Sluice.Core.TaskInstances;
using Sluice.Core.Watermarks;

namespace Sluice.Authoring.Tests.Execution;

/// <summary>Watermarks as authors use them.</summary>
public sealed class WatermarkTests
{
    [Fact]
    public async Task A_typed_window_is_opened_once_and_goes_with_the_outcome()
    {
        var attempts = new Attempts { Task = new() { Id = new("task"), Operator = "X", KeepsWatermark = true } };
        var asked = new List<WatermarkQuestion>();
        attempts.Watermarks = question =>
        {
            asked.Add(question);
            return new("2021-02-05T00:00:00.0000000+00:00");
        };
        var day = new DateTimeOffset(2021, 2, 5, 0, 0, 0, TimeSpan.Zero);

        var outcome = await attempts.RunAsync(new Reads(async context =>
        {
            var first = await context.OpenWatermarkAsync(day.AddDays(-9), (from, _) => ValueTask.FromResult<DateTimeOffset?>(from.AddHours(1)));
            var again = await context.OpenWatermarkAsync(day.AddDays(-9), (_, _) => throw new InvalidOperationException("asked twice"));
            Assert.Equal((day, day.AddHours(1), false), (first.From, first.To, first.IsEmpty));
            Assert.Equal(first, again);
        }));

        Assert.Equal((OutcomeKind.Success, new WatermarkWindow("2021-02-05T00:00:00.0000000+00:00", "2021-02-05T01:00:00.0000000+00:00")), (outcome.Kind, outcome.Watermark));
        Assert.Equal([new(), new(outcome.Watermark)], asked);
    }

    public static TheoryData<WatermarkAnswer, string?, string?, string?> Answers { get; } = new()
    {
        { new(null), "7", null, "7" },
        { new(null), null, null, null }, // nothing is there
        { new("7"), null, "7", "7" }, // nothing is new
        { new("7", IsSettled: true, "9"), "100", "7", "9" },
        { new("7", IsSettled: true, null), "100", "7", null },
    };

    [Theory]
    [MemberData(nameof(Answers))]
    public async Task A_window_ends_where_it_is_settled_or_where_the_task_finds_its_end(WatermarkAnswer answer, string? found, string? from, string? to)
    {
        var attempts = new Attempts { Task = new() { Id = new("task"), Operator = "X", KeepsWatermark = true }, Watermarks = _ => answer };

        var outcome = await attempts.RunAsync(new Reads(async context => await context.OpenWatermarkAsync((_, _) => ValueTask.FromResult(found))));

        Assert.Equal(new WatermarkWindow(from, to), outcome.Watermark);
    }

    [Fact]
    public async Task What_cannot_be_is_one_sentence()
    {
        var attempts = new Attempts();
        var outcome = await attempts.RunAsync(new Reads(async context => await context.OpenWatermarkAsync((_, _) => ValueTask.FromResult<string?>("1"))));
        Assert.Equal((OutcomeKind.FailedFinally, "Task 'task' does not say that it keeps a watermark; set its KeepsWatermark, or override that of its operator."), (outcome.Kind, outcome.Error));

        attempts.Task = attempts.Task with { KeepsWatermark = true };
        attempts.Watermarks = _ => new("abc");
        outcome = await attempts.RunAsync(new Reads(async context => await context.OpenWatermarkAsync(0L, (_, _) => ValueTask.FromResult<long?>(1))));
        Assert.Equal((OutcomeKind.FailedFinally, "The watermark 'abc' is no Int64; put it right with: sluice watermarks set"), (outcome.Kind, outcome.Error));

        attempts.Watermarks = _ => new(null, Refusal: "No.");
        outcome = await attempts.RunAsync(new Reads(async context => await context.OpenWatermarkAsync(0L, (_, _) => ValueTask.FromResult<long?>(1))));
        Assert.Equal((OutcomeKind.FailedFinally, "No."), (outcome.Kind, outcome.Error));
    }

    [Fact]
    public void A_task_that_keeps_a_watermark_goes_one_run_at_a_time_unless_more_is_said()
    {
        var spec = Definitions.Define(dag =>
        {
            dag.Run("plain", _ => Task.CompletedTask);
            dag.Run("code", _ => Task.CompletedTask).KeepsWatermark = true;
            dag.Add("own", new Reads(_ => Task.CompletedTask));
            var past = dag.Add("past", new Reads(_ => Task.CompletedTask));
            (past.MaxActive, past.DependsOnPast) = (4, true);
        });

        Assert.Equal([(false, null), (true, 1), (true, 1), (true, 4)], spec.Spec.Tasks.Select(task => (task.KeepsWatermark, task.MaxActive)));
    }

    private sealed class Reads(Func<TaskContext, Task> reads) : Operator
    {
        public override bool KeepsWatermark => true;

        public override async ValueTask<object?> ExecuteAsync(TaskContext context, CancellationToken cancellationToken)
        {
            await reads(context);
            return null;
        }
    }
}
