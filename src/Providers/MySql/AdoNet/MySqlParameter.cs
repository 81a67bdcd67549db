using System.Data;
using System.Data.Common;
using System.Diagnostics.CodeAnalysis;

namespace Sluice.Providers.MySql.AdoNet;

/// <summary>A value for the <c>@name</c> of a command.</summary>
public sealed class MySqlParameter : DbParameter
{
    /// <summary>Without name and value.</summary>
    public MySqlParameter()
    {
    }

    /// <summary>With its name, <c>@</c> or not, and its value.</summary>
    public MySqlParameter(string name, object? value)
    {
        ParameterName = name;
        Value = value;
    }

    /// <inheritdoc/>
    public override DbType DbType { get; set; } = DbType.Object;

    /// <inheritdoc/>
    public override ParameterDirection Direction
    {
        get => ParameterDirection.Input;
        set
        {
            if (value != ParameterDirection.Input)
            {
                throw new NotSupportedException("MySQL returns values in result sets; parameters go in only.");
            }
        }
    }

    /// <inheritdoc/>
    public override bool IsNullable { get; set; } = true;

    /// <inheritdoc/>
    [AllowNull]
    public override string ParameterName { get; set; } = "";

    /// <inheritdoc/>
    public override int Size { get; set; }

    /// <inheritdoc/>
    [AllowNull]
    public override string SourceColumn { get; set; } = "";

    /// <inheritdoc/>
    public override bool SourceColumnNullMapping { get; set; }

    /// <inheritdoc/>
    public override object? Value { get; set; }

    /// <summary>The name as the SQL has it behind the <c>@</c>.</summary>
    internal string BareName => ParameterName.TrimStart('@');

    /// <inheritdoc/>
    public override void ResetDbType() => DbType = DbType.Object;
}
