namespace Sagan.Native.Kernels;

// Optional capabilities of a backend. Each has a reference composition in src/Tensor/Ops, which is its documentation, fallback, oracle and
// second-order gradient.

/// <summary>Streaming attention: no N x M matrix is stored.</summary>
interface IFusedAttention
{
    /// <summary>
    /// o_i = sum_j softmax_j(scale q_i . k_j) v_j.  q [B,N,dk]  k [B,M,dk]  v [B,M,dv]  o [B,N,dv]; o is 0 where there are no keys.
    /// For the backward pass rows [2,B,N]: m_i = max_j (+-q_i . k_j) with the sign of scale, and z_i = sum_j exp(|scale| (+-q_i . k_j -
    /// m_i)).
    /// </summary>
    void Attention(Storage q, Storage k, Storage v, Storage o, Storage rows, in AttentionSpec s);

    /// <summary>
    /// With A = exp(|scale| (+-q k^T - m)) / z and g = dL/do:  dV = A^T g;  dA = g v^T;  dE = A * (dA - rowsum(g * o));  dQ = scale dE k;
    /// dK = scale dE^T q.
    /// </summary>
    void AttentionBackward(Storage q, Storage k, Storage v, Storage o, Storage rows, Storage g, Storage dq, Storage dk, Storage dv,
        in AttentionSpec s);
}

/// <summary>Batch normalisation over the rows of [rows, channels], with the activation that follows.</summary>
interface IFusedBatchNorm
{
    /// <summary>
    /// mean_c, variance_c (biased) over rows;  y = act(weight_c (x - mean_c) / sqrt(variance_c + eps) + bias_c). y may be x.
    /// </summary>
    void BatchNorm(Storage x, Storage weight, Storage bias, Storage y, Storage mean, Storage variance, in BatchNormSpec s);

    /// <summary>y = act(weight_c (x - mean_c) / sqrt(variance_c + eps) + bias_c) with given statistics. y may be x.</summary>
    void BatchNormInference(Storage x, Storage weight, Storage bias, Storage mean, Storage variance, Storage y, in BatchNormSpec s);

    /// <summary>
    /// With z = g * act'(y), xh = (x - mean) / sqrt(variance + eps), M = rows:  dweight = sum z xh;  dbias = sum z;
    /// dx = weight / (M sqrt(variance + eps)) * (M z - dbias - xh dweight). dx may be g.
    /// </summary>
    void BatchNormBackward(Storage g, Storage x, Storage y, Storage weight, Storage mean, Storage variance, Storage dx, Storage dweight,
        Storage dbias, in BatchNormSpec s);
}

/// <summary>
/// Products with scale, bias and activation in the epilogue. scale is one number, in the device's memory; null stands for 1. bias may be
/// null.
/// </summary>
interface IFusedBias
{
    /// <summary>y = act(scale MatMul(a, b) + bias), bias along the columns of y.</summary>
    void MatMulBias(Storage a, Storage b, Storage? scale, Storage? bias, Storage y, in MatMulSpec s, Activation act);

    /// <summary>y = act(scale Conv2d(x, w) + bias), bias along Co.</summary>
    void Conv2dBias(Storage x, Storage w, Storage? scale, Storage? bias, Storage y, in Conv2dSpec s, Activation act);

    /// <summary>y = act(scale Conv2dInputGrad(x, w) + bias), bias along Ci: transposed convolution with bias and activation.</summary>
    void ConvTranspose2dBias(Storage x, Storage w, Storage? scale, Storage? bias, Storage y, in Conv2dSpec s, Activation act);

    /// <summary>dz = g * act'(y);  dbias_c = sum over rows of dz.  g, y, dz [rows, columns]. dz may be g; dbias may be null.</summary>
    void BiasActivationBackward(Storage g, Storage y, Storage dz, Storage? dbias, int rows, int columns, Activation act);
}

/// <summary>A weighted branch and the input it is added to: the bits of the operations it stands for.</summary>
interface IFusedResidual
{
    /// <summary>y = x + gamma o.  x, o, y [n], gamma one number. y may be x or o.</summary>
    void Residual(Storage x, Storage o, Storage gamma, Storage y, int n);

    /// <summary>do = gamma g;  dgamma = sum of g o. do may be g or o.</summary>
    void ResidualBackward(Storage g, Storage o, Storage gamma, Storage dO, Storage dgamma, int n);
}

/// <summary>Spectral normalisation of a weight matrix. See <see cref="PowerIterationSpec"/> for which way the matrix lies.</summary>
interface IFusedSpectralNorm
{
    /// <summary>
    /// Iterations of v = l2n(W^T u), u = l2n(W v), then sigma = u^T W v. With 0 iterations u and v are copied and only sigma is computed.
    /// uOut may be u and vOut may be v.
    /// A product that is 0 leaves the vector as it was: u and v of an all-zero W would otherwise stay 0 after W has become something else.
    /// Source: Miyato et al. 2018, algorithm 1.
    /// </summary>
    void PowerIteration(Storage w, Storage u, Storage v, Storage uOut, Storage vOut, Storage sigma, in PowerIterationSpec s);

    /// <summary>
    /// dw = (g - sum(g * w) / sigma * u v^T) / sigma: the gradient of w / sigma with u, v constant. Where sigma is 0, w / sigma is w and dw
    /// = g. dw may be g.
    /// </summary>
    void SpectralNormBackward(Storage g, Storage w, Storage u, Storage v, Storage sigma, Storage dw, in PowerIterationSpec s);
}

/// <summary>Adam over a whole parameter group in one call.</summary>
interface IFusedAdam
{
    /// <summary>
    /// m = b1 m + (1 - b1) g;  v = b2 v + (1 - b2) g^2;  Torch form: p -= lr / (1 - b1^t) * m / (sqrt(v / (1 - b2^t)) + eps);
    /// TensorFlow form: p -= lr sqrt(1 - b2^t) / (1 - b1^t) * m / (sqrt(v) + eps). Source: Kingma and Ba 2015, algorithm 1.
    /// </summary>
    void Adam(ReadOnlySpan<AdamSlot> group, in AdamSpec s);
}
