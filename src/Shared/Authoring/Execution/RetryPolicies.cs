using Sluice.Core.Dags;

namespace Sluice.Authoring.Execution;

/// <summary>Finds what a task's policy says of an exception. Done where the exception is: only there its type is known.</summary>
internal static class RetryPolicies
{
    /// <summary>The first rule that matches the exception or one of the types that it derives from; null when none does.</summary>
    public static RetryRule? Find(TaskSpec task, Exception exception)
    {
        if (task.RetryPolicy is not { } rules)
        {
            return null;
        }

        exception = AttemptErrors.Unwrap(exception);
        foreach (var rule in rules)
        {
            if (rule.Exception == "*")
            {
                return rule;
            }

            for (var type = exception.GetType(); type is not null && type != typeof(object); type = type.BaseType)
            {
                if (rule.Exception == type.Name || rule.Exception == type.FullName)
                {
                    return rule;
                }
            }
        }

        return null;
    }
}
