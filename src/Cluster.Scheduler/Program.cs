return await Sluice.Scheduler.Hosting.SchedulerProgram.RunAsync("Sluice.Cluster.Scheduler", args);
