using Sluice.Core.HumanInput;

namespace Sluice.Authoring.HumanInput;

/// <summary>Goes on when a person approves. Answered by <c>sluice tasks approve</c> or <c>sluice tasks reject</c>.</summary>
public sealed class ApprovalOperator : HumanInputOperator
{
    /// <summary>The option that goes on.</summary>
    public const string Approve = "Approve";

    /// <summary>The option that does not.</summary>
    public const string Reject = "Reject";

    /// <summary>A no skips everything after this task but teardowns; otherwise only what is directly after it, and the rest goes by its trigger rules.</summary>
    public bool IgnoreDownstreamTriggerRules { get; set; }

    /// <summary>A no fails this task instead, without retry.</summary>
    public bool FailOnReject { get; set; }

    private protected override HumanQuestion Complete(HumanQuestion question) => question with
    {
        Options = [Approve, Reject],
        Rejecting = Reject,
        OnReject = FailOnReject ? Rejection.Fail : IgnoreDownstreamTriggerRules ? Rejection.SkipAll : Rejection.SkipDirect,
    };
}
