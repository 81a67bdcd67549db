using System.Globalization;
using Sluice.Core.Callbacks;
using Sluice.Core.TaskInstances;

namespace Sluice.Core.DagRuns;

/// <content>Which callbacks an event has (docs/concepts/callbacks.md). What people change by hand has none.</content>
public static partial class DagRunDecider
{
    private static Predicate<int> Begins(DagRunState run) => instance => !run.IsResuming(instance);

    private readonly ref partial struct Decision
    {
        private void Raise(CallbackTrigger on, List<int> instances, string? why = null)
        {
            foreach (var instance in instances)
            {
                Raise(on, instance, why);
            }
        }

        private void Raise(CallbackTrigger on, int instance, string? why)
        {
            if (run.SpecOf(instance).Callbacks is { } callbacks)
            {
                for (var callback = 0; callback < callbacks.Count; callback++)
                {
                    if (callbacks[callback].On == on)
                    {
                        Emit(new CallbackDue(instance, callback, why));
                    }
                }
            }
        }

        private void Raise(TaskEnded ended, string? error)
        {
            CallbackTrigger? on = ended.State switch
            {
                TaskState.Success => CallbackTrigger.Success,
                TaskState.Failed => CallbackTrigger.Failure,
                TaskState.Skipped => CallbackTrigger.Skipped,
                TaskState.UpForRetry when !ended.HandedBack => CallbackTrigger.Retry,
                _ => null,
            };
            if (on is { } trigger)
            {
                Raise(trigger, ended.Task, ended.Error ?? error);
            }
        }

        /// <summary>Notes the deadlines that have passed and tells of them: here and nowhere else, so once.</summary>
        /// <param name="at">The present.</param>
        /// <param name="includingNow">Also one that is due at this moment: false when the run ends at it.</param>
        public void Miss(DateTimeOffset at, bool includingNow)
        {
            foreach (var deadline in run.Deadlines)
            {
                if (deadline.IsOpen && (deadline.Due < at || (includingNow && deadline.Due == at)))
                {
                    Emit(new DeadlineMissed(deadline.Name, deadline.Due, at));
                    RaiseForRun(
                        CallbackTrigger.DeadlineMissed,
                        string.Create(CultureInfo.InvariantCulture, $"it should have been over by {deadline.Due:yyyy-MM-dd HH:mm:ss} UTC"),
                        deadline.Name);
                }
            }
        }

        private void End(RunState state, DateTimeOffset at, string? reason = null)
        {
            // Nobody may have looked since the deadline: the clock that watches it is not the one that reports the end.
            Miss(at, includingNow: false);
            Emit(new RunEnded(state, at, reason));
            RaiseForRun(state == RunState.Success ? CallbackTrigger.Success : CallbackTrigger.Failure, reason);
        }

        private void RaiseForRun(CallbackTrigger on, string? why, string? deadline = null)
        {
            var callbacks = run.Graph.Spec.Callbacks ?? [];
            for (var callback = 0; callback < callbacks.Count; callback++)
            {
                if (callbacks[callback].On == on && callbacks[callback].Deadline == deadline)
                {
                    Emit(new CallbackDue(-1, callback, why));
                }
            }
        }
    }
}
