namespace Sagan.Native.Models;

/// <summary>A family of networks.</summary>
public enum ModelFamily
{
    /// <summary>Transposed convolutions up, strided ones down, self-attention between: heykeetae's Self-Attention-GAN.</summary>
    Dcgan,

    /// <summary>Residual blocks: the official SAGAN, also as StudioGAN and BigGAN-PyTorch have it.</summary>
    Resnet,

    /// <summary>Upsampling and convolutions up; strided convolutions, dropout and batch normalisation down.</summary>
    Upconv,
}

/// <summary>How z is drawn.</summary>
public enum LatentKind
{
    /// <summary>Standard normal.</summary>
    Normal,

    /// <summary>Uniform in [-1, 1).</summary>
    Uniform,
}

/// <summary>Where the gain and bias of conditional batch normalisation come from.</summary>
public enum ConditionalNormKind
{
    /// <summary>Tables with a row for each class, beginning as 1 and 0: the official code.</summary>
    Table,

    /// <summary>1 + a linear layer, and a linear layer, of the class (StudioGAN) or of the shared embedding and a piece of z (BigGAN);
    /// spectrally normalised with the generator.</summary>
    Linear,
}

/// <summary>What a convolution sees outside the image.</summary>
public enum PaddingKind
{
    /// <summary>Zeros.</summary>
    Zero,

    /// <summary>The image mirrored at its edge.</summary>
    Reflect,
}

/// <summary>How the layers are spectrally normalised.</summary>
public enum SpectralNormKind
{
    /// <summary>
    /// As <c>torch.nn.utils.spectral_norm</c>: u and v move in training only; the rows of a transposed convolution's matrix are its
    /// outputs.
    /// </summary>
    Torch,

    /// <summary>
    /// As heykeetae's Self-Attention-GAN: u and v move in every forward pass; the rows of a transposed convolution's matrix are its inputs.
    /// </summary>
    Heykeetae,

    /// <summary>As the official SAGAN code: u moves in every forward pass, and gradients flow through the power iteration.</summary>
    Official,

    /// <summary>Not at all.</summary>
    None,
}
