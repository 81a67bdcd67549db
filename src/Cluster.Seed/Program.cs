return await Sluice.Cluster.Seed.Hosting.SeedProgram.RunAsync("Sluice.Cluster.Seed", args);
