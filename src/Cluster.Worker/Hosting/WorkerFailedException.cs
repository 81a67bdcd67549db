namespace Sluice.Cluster.Worker.Hosting;

/// <summary>The worker failed again and again, so that its process ends; whoever supervises it starts a fresh one.</summary>
public sealed class WorkerFailedException() : Exception("the worker failed too often to go on; its log says why. Its attempts were killed and will run again elsewhere.");
