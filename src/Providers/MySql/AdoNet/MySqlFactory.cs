using System.Data.Common;

namespace Sluice.Providers.MySql.AdoNet;

/// <summary>Makes the objects of this provider for code that knows ADO.NET only.</summary>
public sealed class MySqlFactory : DbProviderFactory
{
    /// <summary>The one factory.</summary>
    public static readonly MySqlFactory Instance = new();

    private MySqlFactory()
    {
    }

    /// <inheritdoc/>
    public override DbConnection CreateConnection() => new MySqlConnection();

    /// <inheritdoc/>
    public override DbCommand CreateCommand() => new MySqlCommand();

    /// <inheritdoc/>
    public override DbParameter CreateParameter() => new MySqlParameter();
}
