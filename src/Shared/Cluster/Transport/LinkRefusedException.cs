namespace Sluice.Cluster.Transport;

/// <summary>A node that cannot or must not be linked. Dialling again soon would change nothing.</summary>
internal sealed class LinkRefusedException(string reason) : Exception(reason);
