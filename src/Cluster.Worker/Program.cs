return await Sluice.Cluster.Worker.Hosting.WorkerProgram.RunAsync("Sluice.Cluster.Worker", args);
