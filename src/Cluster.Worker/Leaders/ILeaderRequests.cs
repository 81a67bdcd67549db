using Sluice.Cluster.Wire;

namespace Sluice.Cluster.Worker.Leaders;

/// <summary>Asks the leader, whoever that is at the moment.</summary>
public interface ILeaderRequests
{
    /// <summary>Sends a request and waits for its response. While there is no leader it waits for one, within bounds.</summary>
    /// <returns>The response, also when it is an error; code 503 when no leader answered.</returns>
    Task<Response> RequestAsync(string method, string body, CancellationToken cancellationToken);
}
