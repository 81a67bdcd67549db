using Sluice.Core.HumanInput;
using Sluice.Core.TaskInstances;

namespace Sluice.Core.DagRuns;

/// <content>Tasks that wait for a person (docs/concepts/approvals.md).</content>
public static partial class DagRunDecider
{
    private readonly ref partial struct Decision
    {
        private void Ask(int instance, TaskOutcome outcome, HumanQuestion question, DateTimeOffset at) => Emit(new TaskAsked(
            instance, run.TokenOf(instance), at, question, at + question.Timeout, run.WorkerOf(instance), run.DispatchedAt(instance),
            outcome.StartedAt == default ? null : outcome.StartedAt));

        public void Answer(AnswerTask command)
        {
            if (run.QuestionOf(command.Task) is { } asked && asked.Token == command.Token)
            {
                Take(asked, command.Answer);
            }
        }

        /// <summary>Nobody answered in time. What is decided for one task may have ended the next, or the run.</summary>
        private void GiveUp(int instance, DateTimeOffset at)
        {
            if (run.Phase != RunState.Running || run.QuestionOf(instance) is not { } asked)
            {
                return;
            }

            if (asked.Question.Defaults is { Count: > 0 } defaults
                && asked.Question.Refuse(new() { Options = defaults, At = at }, out var answer) is null)
            {
                Take(asked, answer!);
            }
            else
            {
                EndWith(asked, asked.Question.OutcomeOfSilence(at), at);
            }
        }

        private void Take(TaskAsked asked, HumanAnswer answer)
        {
            Emit(new TaskAnswered(asked.Task, asked.Token, answer));
            EndWith(asked, asked.Question.OutcomeOf(answer), answer.At);
        }

        private void EndWith(TaskAsked asked, TaskOutcome outcome, DateTimeOffset at)
        {
            var ended = Judge(asked.Task, asked.Token, outcome, at);
            // An answer stands: that others cannot be mapped over it is not mended by asking again.
            End(ended with { State = ended.State == TaskState.UpForRetry ? TaskState.Failed : ended.State, Due = null, Error = ended.Error ?? outcome.Error }, outcome.Error);
        }
    }
}
