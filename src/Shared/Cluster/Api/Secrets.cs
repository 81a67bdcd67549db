namespace Sluice.Cluster.Api;

public sealed record SecretName(string Id);

public sealed record SecretValue(string Id, string Value);
