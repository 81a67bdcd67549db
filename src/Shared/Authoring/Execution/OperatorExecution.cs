using Microsoft.Extensions.Logging;
using Sluice.Authoring.Operators;
using Sluice.Authoring.Sensors;
using Sluice.Core.Dags;
using Sluice.Core.TaskInstances;

namespace Sluice.Authoring.Execution;

/// <summary>Runs one attempt of an operator from its templates to its outcome: the same in the worker, the runner process and the test run.</summary>
public static class OperatorExecution
{
    /// <summary>How long an operator may go on after it was told to stop, before it is left behind.</summary>
    public static readonly TimeSpan StopGrace = TimeSpan.FromSeconds(10);

    private static readonly TaskOutcome Cancelled = new() { Kind = OutcomeKind.Failed };

    /// <summary>Runs the attempt. Never throws: whatever happens is an outcome, told in one line, with the details in the attempt's log.</summary>
    /// <param name="op">A fresh operator, templates unrendered.</param>
    /// <param name="context">The attempt.</param>
    /// <param name="time">Clock of timeouts and of the waits between pokes.</param>
    /// <param name="kill">Cancelled to stop the attempt.</param>
    /// <param name="onThisThread">Runs an author's code on the calling thread up to its first await. For a caller that can be killed from outside:
    /// code that blocks then keeps timeout and kill from being noticed in here.</param>
    public static async Task<TaskOutcome> RunAsync(
        Operator op, TaskContext context, TimeProvider time, CancellationToken kill, bool onThisThread = false)
    {
        var startedAt = time.GetUtcNow();
        using var timeout = new CancellationTokenSource();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, kill);
        context.CancellationToken = stop.Token;
        context.Time = time;
        context.StartedAt = startedAt;
        context.Operator = op;
        await using var timer = context.Task.ExecutionTimeout is { } limit
            ? time.CreateTimer(_ => timeout.Cancel(), null, limit, Timeout.InfiniteTimeSpan)
            : null;

        var attempt = StartAsync(op, context, time, startedAt, onThisThread, stop.Token);
        var (outcome, interrupted) = await WaitAsync(attempt, op, context, time, stop.Token);
        if (interrupted && kill.IsCancellationRequested && outcome.Kind != OutcomeKind.Success)
        {
            outcome = new() { Kind = OutcomeKind.Failed, Error = "Killed." };
        }
        else if (interrupted && timeout.IsCancellationRequested)
        {
            outcome = ExecutionTimeouts.Outcome(context.Task);
        }
        else if (outcome.Kind is OutcomeKind.Failed or OutcomeKind.FailedFinally && WaitOf(op, context) is { NeverFail: true })
        {
            outcome = new() { Kind = OutcomeKind.Skipped, Error = outcome.Error };
        }

        if (outcome.Error is { } error)
        {
            context.Log(outcome.Kind == OutcomeKind.Skipped ? LogLevel.Warning : LogLevel.Error, error);
        }

        // A sensor that waits renders again at each poke.
        return outcome with
        {
            StartedAt = startedAt,
            EndedAt = time.GetUtcNow(),
            Rendered = outcome.Kind == OutcomeKind.Rescheduled ? null : context.Rendered,
            Evidence = context.Evidence.Write(),
            Watermark = context.Watermark,
            ReleasedRemoteJob = context.HasReleasedRemoteJob,
        };
    }

    // Code of an author may block its thread: on one of its own it cannot keep the timeout from being noticed.
    private static Task<TaskOutcome> StartAsync(
        Operator op, TaskContext context, TimeProvider time, DateTimeOffset startedAt, bool onThisThread, CancellationToken stop) =>
        context.Task.Host == TaskHost.Runner && !onThisThread
            ? Task.Run(() => AttemptAsync(op, context, time, startedAt, stop), CancellationToken.None)
            : AttemptAsync(op, context, time, startedAt, stop);

    private static async Task<(TaskOutcome Outcome, bool Interrupted)> WaitAsync(
        Task<TaskOutcome> attempt, Operator op, TaskContext context, TimeProvider time, CancellationToken stop)
    {
        if (attempt.IsCompleted)
        {
            return Ended(await attempt);
        }

        var stopped = new TaskCompletionSource();
        await using (stop.UnsafeRegister(static state => ((TaskCompletionSource)state!).TrySetResult(), stopped))
        {
            if (await Task.WhenAny(attempt, stopped.Task) == attempt)
            {
                return Ended(await attempt);
            }
        }

        try
        {
            await Task.Run(async () => await op.OnKillAsync(context), CancellationToken.None).WaitAsync(StopGrace, time, CancellationToken.None);
        }
        catch (Exception e)
        {
            context.Log(LogLevel.Warning, $"OnKill failed: {AttemptErrors.Describe(e)}");
        }

        try
        {
            return (await attempt.WaitAsync(StopGrace, time, CancellationToken.None), true);
        }
        catch (TimeoutException)
        {
            context.Log(LogLevel.Warning, $"The operator did not stop within {StopGrace.TotalSeconds:0} s of being told to; it is left behind.");
            return (Cancelled, true);
        }

        static (TaskOutcome, bool) Ended(TaskOutcome outcome) => (outcome, ReferenceEquals(outcome, Cancelled));
    }

    private static async Task<TaskOutcome> AttemptAsync(
        Operator op, TaskContext context, TimeProvider time, DateTimeOffset startedAt, CancellationToken stop)
    {
        try
        {
            var outputs = await ExpandAsync(op, context, stop);
            var rendered = await TemplateFields.RenderAsync(op, context, stop);
            if (outputs is not null)
            {
                OperatorArguments.Read(outputs, op);
            }

            foreach (var secret in OperatorArguments.Secrets(op))
            {
                context.Services.AddSecret(secret);
            }

            if (rendered || outputs is not null)
            {
                context.Rendered = RenderedFields.Write(op);
            }

            if (op.FindProblem() is { } problem)
            {
                throw new TaskFailedException(problem);
            }

            await op.PreExecuteAsync(context, stop);
            object? result;
            if (op is Sensor sensor)
            {
                var wait = await SensorWait.RunAsync(sensor, WaitOf(op, context)!, context, time, context.FirstPokeAt ?? startedAt, stop);
                if (wait.Ended is { } ended)
                {
                    return ended;
                }

                result = wait.Value;
            }
            else
            {
                result = await op.ExecuteAsync(context, stop);
            }

            await op.PostExecuteAsync(context, result, stop);
            if (context.Question is { } question)
            {
                return new() { Kind = OutcomeKind.Asked, Question = question };
            }

            if (result is not null)
            {
                context.Push("return_value", result);
                PushParts(context);
            }

            return new()
            {
                Kind = OutcomeKind.Success,
                XComs = context.Pushed.Count == 0 ? null : [.. context.Pushed],
                Follow = context.Chosen,
                SkipDownstream = context.Skips,
                AssetUpdates = context.Task.Outlets is null ? null : context.OutletEvents.Write(),
            };
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return Cancelled;
        }
        catch (TaskSkippedException e)
        {
            return new() { Kind = OutcomeKind.Skipped, Error = AttemptErrors.OneLine(e.Message) };
        }
        catch (Exception e) when (e is not TaskRetryException && RetryPolicies.Find(context.Task, e) is { } rule && rule.Action != RetryAction.Retry)
        {
            LogTrace(context, e);
            return new()
            {
                Kind = rule.Action == RetryAction.Skip || SoftFails(op, context) ? OutcomeKind.Skipped : OutcomeKind.FailedFinally,
                Error = AttemptErrors.Describe(e),
            };
        }
        catch (TaskFailedException e)
        {
            return new()
            {
                // Who watches goes on watching.
                Kind = SoftFails(op, context) ? OutcomeKind.Skipped : context.Task.Sensor is { Watch: not null } ? OutcomeKind.Failed : OutcomeKind.FailedFinally,
                Error = AttemptErrors.Describe(e),
            };
        }
        catch (Exception e)
        {
            LogTrace(context, e);
            return new()
            {
                Kind = OutcomeKind.Failed,
                Error = AttemptErrors.Describe(e),
                RetryAfter = e is TaskRetryException { Delay: var own } ? own : RetryPolicies.Find(context.Task, e)?.Delay,
            };
        }
    }

    /// <summary>Sets the arguments that vary over instances: literals before templates are rendered; outputs, which may be anything, after.</summary>
    private static async ValueTask<System.Text.Json.Nodes.JsonObject?> ExpandAsync(Operator op, TaskContext context, CancellationToken stop)
    {
        await MapValues.SkipFilteredAsync(context, stop);
        if (context.Map is null || context.Task.Map is not { Group: null } || op is Dags.CodeOperator)
        {
            return null;
        }

        var (literals, outputs) = await MapValues.ArgumentsAsync(context, stop);
        OperatorArguments.Read(literals, op);
        return outputs;
    }

    private static void PushParts(TaskContext context)
    {
        if (!context.Task.MultipleOutputs)
        {
            return;
        }

        var whole = System.Text.Json.JsonElement.Parse(context.Pushed[^1].Value);
        if (whole.ValueKind == System.Text.Json.JsonValueKind.String)
        {
            whole = Written(whole.GetString()!) ?? whole;
        }

        if (whole.ValueKind != System.Text.Json.JsonValueKind.Object)
        {
            throw new TaskFailedException("It has multiple outputs, but what it returned is no object: return one with a property for each output, or its JSON as text.");
        }

        foreach (var part in whole.EnumerateObject())
        {
            context.PushJson(part.Name, part.Value.GetRawText());
        }
    }

    /// <summary>What a script that prints JSON means; null when it is none.</summary>
    private static System.Text.Json.JsonElement? Written(string text)
    {
        try
        {
            return System.Text.Json.JsonElement.Parse(text);
        }
        catch (System.Text.Json.JsonException)
        {
            return null;
        }
    }

    private static void LogTrace(TaskContext context, Exception e)
    {
        if (AttemptErrors.NeedsTrace(e))
        {
            context.Log(LogLevel.Error, e.ToString());
        }
    }

    private static bool SoftFails(Operator op, TaskContext context) => WaitOf(op, context) is { SoftFail: true };

    /// <summary>How the sensor waits, as the Dag has it; null for what is no sensor.</summary>
    private static SensorSpec? WaitOf(Operator op, TaskContext context) => op is Sensor sensor ? context.Task.Sensor ?? sensor.Waits : null;
}
