package dev.tandem.bench;

/// How tokens spread over experts.
public enum Load {
    /// As a balance loss leaves it.
    EVEN {
        @Override
        public float bias(int expert) {
            return 0;
        }
    },
    /// The e-th expert gets about 1/e of what the first gets.
    ZIPF {
        @Override
        public float bias(int expert) {
            return (float) -Math.log(expert + 1);
        }
    },
    /// Every token goes to the first expert, its second choice to any.
    ONE {
        @Override
        public float bias(int expert) {
            return expert == 0 ? 50 : 0;
        }
    };

    /// What is added to an expert's logits.
    public abstract float bias(int expert);
}
