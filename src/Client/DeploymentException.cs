using System.Net;

namespace Sluice.Client;

/// <summary>What became of a call that did not work.</summary>
public enum CallFailure
{
    /// <summary>The deployment understood and refused, or has failed; its own sentence says why.</summary>
    Refused,

    /// <summary>The token is missing or wrong.</summary>
    Unauthorized,

    /// <summary>It cannot be answered at present: no leader, no connection, no time. A call that changes nothing may be repeated.</summary>
    Unavailable,

    /// <summary>Nothing listens at the address. As <see cref="Unavailable"/>.</summary>
    Unreachable,

    /// <summary>What answers is not Sluice, or another version of it.</summary>
    NotUnderstood,
}

/// <summary>A call did not work; the message is one sentence for people, or two.</summary>
public sealed class DeploymentException(string message, CallFailure failure = CallFailure.Refused, HttpStatusCode? status = null, Exception? inner = null)
    : Exception(message, inner)
{
    /// <summary>What became of the call.</summary>
    public CallFailure Failure { get; } = failure;

    /// <summary>As in HTTP; null when there was no answer.</summary>
    public HttpStatusCode? Status { get; } = status;

    /// <summary>Asking again later may help.</summary>
    public bool IsTransient => Failure is CallFailure.Unavailable or CallFailure.Unreachable;
}
